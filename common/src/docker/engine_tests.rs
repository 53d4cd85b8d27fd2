use super::*;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket, sockopt};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;

pub(in super::super) const HEADER: &str = "HTTP/1.1 200 OK\r\nServer: Docker\r\nTransfer-Encoding: chunked\r\n\r\n";

/// How long it may take what will come.
const LONG: Duration = Duration::from_mins(1);

/// A Docker there, which has so many seconds to answer.
pub(in super::super) fn env_within(seconds: &str, host: &str) -> Env {
    let variables: [(OsString, OsString); 2] =
        [("DOCKER_HOST".into(), host.into()), ("DOKKU_DOCKER_TIMEOUT".into(), seconds.into())];
    Env::new(variables.into(), Vec::new())
}

/// What is asked there, with all its headers.
pub(in super::super) fn question(stream: &UnixStream) -> String {
    String::from_utf8(header(&mut BufReader::new(stream)).unwrap()).unwrap()
}

/// An Engine that answers one question with these bytes, and then closes the connection.
pub(in super::super) struct Fake {
    folder: tempfile::TempDir,
    asked: JoinHandle<String>,
}

impl Fake {
    pub(in super::super) fn answers(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::does(move |stream| {
            // Nobody may be there any more to whom the end of it is of interest.
            let _taken_or_not = stream.write_all(&answer);
        })
    }

    /// One that answers this, one after the other, as far as it is asked.
    pub(in super::super) fn answers_all<const COUNT: usize>(answers: [String; COUNT]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let asked = std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                question(&stream);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            String::new()
        });
        Self { folder, asked }
    }

    fn does(what: impl FnOnce(&mut UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = question(&stream);
            what(&mut stream);
            asked
        });
        Self { folder, asked }
    }

    /// One that answers this, and then nothing as long as it is listened to.
    pub(in super::super) fn falls_silent(after: &str) -> Self {
        let after = after.to_owned();
        Self::does(move |stream| {
            stream.write_all(after.as_bytes()).unwrap();
            let _gone = stream.read(&mut [0]);
        })
    }

    pub(in super::super) fn env(&self) -> Env {
        self.env_within("60")
    }

    pub(in super::super) fn env_within(&self, seconds: &str) -> Env {
        env_within(seconds, &format!("unix://{}", self.folder.path().join("docker.sock").display()))
    }

    /// What it was asked.
    pub(in super::super) fn asked(self) -> String {
        self.asked.join().unwrap()
    }
}

fn get(env: &Env, path: &str, deadline: Duration) -> Result<String> {
    let mut body = Engine::new(env)?.get(path, deadline)?;
    let mut text = String::new();
    body.read_to_string(&mut text)?;
    Ok(text)
}

/// Comes in these pieces, and is interrupted by a signal before each.
struct Pieces<'p> {
    pieces: Vec<&'p [u8]>,
    interrupted: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        let Some(piece) = self.pieces.first_mut() else { return Ok(0) };
        let length = piece.read(buffer)?;
        if piece.is_empty() {
            self.pieces.remove(0);
        }
        Ok(length)
    }
}

fn body_of(pieces: Vec<&[u8]>) -> io::Result<String> {
    // The first read of it goes well.
    let (_, mut body) = Body::of(Pieces { pieces, interrupted: false })?;
    let mut text = String::new();
    body.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn an_answer_may_come_in_any_pieces() {
    for (answer, wanted) in [
        (format!("{HEADER}5\r\nhello\r\n00A;x=y\r\n\r\n, world!\r\n0\r\n\r\n"), "hello\r\n, world!"),
        (format!("{HEADER}0\r\nTrailer: x\r\n\r\n"), ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, world".to_owned(), "hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(), ""),
        ("HTTP/1.0 200 OK\r\n\r\nhello".to_owned(), "hello"),
    ] {
        let bytes = answer.as_bytes();
        assert_eq!(body_of(bytes.chunks(1).collect()).unwrap(), wanted, "{answer}");
        for at in 1..bytes.len() {
            let (one, other) = bytes.split_at(at);
            assert_eq!(body_of(vec![one, other]).unwrap(), wanted, "{answer} at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_cut_short_is_no_whole_one() {
    let chunks = format!("{HEADER}5\r\nhello\r\n0\r\n\r\n");
    // Without the empty line behind the last chunk it is whole.
    for answer in [&chunks[..chunks.len() - 4], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"] {
        for length in 0..answer.len() {
            let read = body_of(vec![&answer.as_bytes()[..length]]);
            assert_eq!(read.unwrap_err().kind(), ErrorKind::UnexpectedEof, "{answer} of {length}");
        }
    }
}

#[test]
fn rubbish_is_no_answer() {
    let many = "X: y\r\n".repeat(MOST_HEADERS + 1);
    for rubbish in [
        "hello\r\n\r\n".to_owned(),
        "HTTP/1.1 many\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024)),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".to_owned(),
        format!("{HEADER}x\r\nhello\r\n0\r\n\r\n"),
        format!("{HEADER}-1\r\nhello\r\n0\r\n\r\n"),
        format!("{HEADER}fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        format!("{HEADER}5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(256)),
        format!("{HEADER}4\r\nhello\r\n0\r\n\r\n"),
        format!("{HEADER}5\r\nhello, 0\r\n\r\n"),
    ] {
        let error = body_of(vec![rubbish.as_bytes()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{rubbish}");
        assert!(error.to_string().starts_with("it answered with what is not "), "{error}");
    }
}

#[test]
fn it_asks_for_a_path_without_a_version() {
    let fake = Fake::answers(format!("{HEADER}2\r\n[]\r\n0\r\n\r\n"));
    assert_eq!(get(&fake.env(), "/containers/json?all=1", LONG).unwrap(), "[]");
    let wanted = "GET /containers/json?all=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
    assert_eq!(fake.asked(), wanted);
}

#[test]
fn a_refusal_is_docker_s_in_its_own_words() {
    let many: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let long = "x".repeat(10_000_000);
    for (status, body, words) in [
        ("500 Internal Server Error", r#"{"message":"it is \"full\""}"#, "status 500: it is \"full\""),
        ("404 page not found", "page not found\n", "status 404: page not found"),
        ("301 Moved", "", "status 301"),
        ("503 No", &many, "998\n999"),
        ("503 No", &long, "xxx"),
    ] {
        let fake = Fake::answers(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let error = get(&fake.env(), "/events?since=1", LONG).unwrap_err();
        assert!(error.message().ends_with(words) && error.message().len() < 11_000, "{status}: {error}");
        assert!(error.message().contains("Docker answered /events with status"), "{error}");
    }
}

#[test]
fn one_who_does_not_answer_in_time_is_not_waited_for() {
    let part = format!("{HEADER}5\r\nhe");
    let silent = ["", &HEADER[..20], HEADER, &part].map(Fake::falls_silent);
    // Never silent, and never at its end.
    let talks = Fake::does(|stream| {
        stream.write_all(HEADER.as_bytes()).unwrap();
        while stream.write_all(b"1\r\nx\r\n").is_ok() {}
    });
    for fake in silent.into_iter().chain([talks]) {
        let error = get(&fake.env(), "/x", Duration::from_secs(1)).unwrap_err();
        assert!(error.message().trim_end_matches(')').ends_with("it did not answer within 1 seconds"), "{error}");
    }
}

#[test]
fn one_who_takes_no_connection_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let address = SocketAddrUnix::new(&path).unwrap();
    let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&listener, &address).unwrap();
    listen(&listener, 0).unwrap();
    let mut waiting = Vec::new();
    let refused = loop {
        let flags = SocketFlags::NONBLOCK;
        let other = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap();
        match rustix::net::connect(&other, &address) {
            Ok(()) => waiting.push(other),
            Err(error) => break error,
        }
    };
    assert_eq!(refused, Errno::AGAIN);
    let env = env_within("60", &format!("unix://{}", path.display()));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(get(&env, "/x", Duration::from_secs(1))));
    let error = told.recv_timeout(LONG).unwrap().unwrap_err();
    assert!(error.message().ends_with("it did not answer within 1 seconds)"), "{error}");
}

#[test]
fn one_who_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let host = format!("unix://{}", path.display());
    let error = get(&env_within("60", &host), "/x", LONG).unwrap_err();
    assert!(error.message().contains("docker.sock: No such file"), "{error}");
    // What a killed one has left.
    drop(UnixListener::bind(&path).unwrap());
    let error = get(&env_within("60", &host), "/x", LONG).unwrap_err();
    assert!(error.message().contains("docker.sock: Connection refused"), "{error}");
    assert!(get(&env_within("60", &format!("unix:///{}", "x".repeat(200))), "/x", LONG).is_err());
}

#[test]
fn a_time_of_any_length_is_waited_for() {
    for seconds in [u64::MAX, i64::MAX as u64, 1 << 40] {
        let fake = Fake::answers(format!("{HEADER}2\r\nOK\r\n0\r\n\r\n"));
        let body = Engine::new(&fake.env()).unwrap().get("/x", Duration::from_secs(seconds));
        assert_eq!(io::read_to_string(body.unwrap()).unwrap(), "OK", "{seconds}");
    }
}

#[test]
fn without_a_deadline_nothing_ends_the_waiting() {
    let fake = Fake::answers(format!("{HEADER}2\r\nOK\r\n0\r\n\r\n"));
    let body = Engine::new(&fake.env()).unwrap().get("/x", LONG).unwrap();
    let timeout = |body: &Body| sockopt::socket_timeout(body.from.get_ref(), sockopt::Timeout::Recv).unwrap();
    assert!(timeout(&body).is_some());
    let mut body = body.without_deadline().unwrap();
    assert_eq!(timeout(&body), None);
    let mut text = String::new();
    body.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), timeout(&body)), ("OK", None), "nor is there one once it has been read");
}
