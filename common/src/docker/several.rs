//! Several questions to the Engine that are asked before the first is answered: it works on them at the same time, and
//! nobody here needs a thread for that.

use super::connection::{Connection, Deadline, LOOK_AGAIN, interrupted};
use super::engine::{Body, Engine};
use crate::Result;
use crate::ready::ready;
use crate::signals::must_end;
use crate::timings::{self, Whom};
use std::io;
use std::time::{Duration, Instant};

/// How many wait for their answers at once.
const AT_ONCE: usize = 8;

/// A question that waits for its answer.
struct Question<'p> {
    path: &'p str,
    place: usize,
    connection: Connection,
    from: Option<Instant>,
}

impl Engine {
    /// What becomes of the answer to `GET` of each path, in their order, all with the same deadline; an answer is nothing
    /// where Docker says that there is no such thing. One that does not come keeps no other from being read.
    pub(super) fn find_each<T>(
        &self,
        paths: &[String],
        deadline: Duration,
        read: impl Fn(&str, Option<Body>) -> Result<T>,
    ) -> Vec<Result<T>> {
        let deadline = Deadline::after(deadline);
        let mut next = paths.iter().enumerate();
        let mut waiting = Vec::new();
        let mut answers = Vec::with_capacity(paths.len());
        loop {
            for (place, path) in next.by_ref().take(AT_ONCE - waiting.len()) {
                let from = timings::begin();
                match self.ask(path, deadline) {
                    Ok(connection) => waiting.push(Question { path, place, connection, from }),
                    Err(error) => answers.push((place, Err(error))),
                }
            }
            if waiting.is_empty() {
                break;
            }
            match first_answer(&waiting, deadline) {
                Ok(at) => {
                    let Question { path, place, connection, from } = waiting.swap_remove(at);
                    answers.push((place, self.found(path, connection).and_then(|body| read(path, body))));
                    timings::end(Whom::Docker, from, || format!("GET {path}"));
                }
                Err(error) => {
                    // Nor is there time for those that have not been asked, or anybody who wants to know.
                    let none = self.silent(error);
                    let places = waiting.drain(..).map(|question| question.place);
                    let places = places.chain(next.by_ref().map(|(place, _)| place));
                    answers.extend(places.map(|place| (place, Err(none.clone()))));
                }
            }
        }
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

/// Which of them has an answer, or no one any more who could give it.
fn first_answer(waiting: &[Question<'_>], deadline: Option<Deadline>) -> io::Result<usize> {
    loop {
        let patience = deadline.map_or(Ok(LOOK_AGAIN), Deadline::left)?.min(LOOK_AGAIN);
        let ready = ready(waiting.iter().map(|question| &question.connection), patience)?;
        if let Some(at) = ready.into_iter().position(|is_ready| is_ready) {
            return Ok(at);
        }
        if let Some(signal) = must_end() {
            return Err(interrupted(signal));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::tests::{Fake, env_within, question};
    use super::*;
    use crate::{Env, Error};
    use std::io::Write;
    use std::os::unix::net::{UnixListener, UnixStream};

    fn each(env: &Env, paths: &[String], seconds: u64) -> Vec<std::result::Result<String, String>> {
        let text = |_: &str, body: Option<Body>| {
            let bytes = body.map(|mut body| body.bytes(1024)).transpose()?;
            Ok(bytes.map_or("nothing".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let answers = Engine::new(env).unwrap().find_each(paths, Duration::from_secs(seconds), text);
        answers.into_iter().map(|answer| answer.map_err(|error: Error| error.message().to_owned())).collect()
    }

    fn paths(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("/{number}")).collect()
    }

    /// A Docker that reads so many questions before it answers any, the last first.
    fn answers_late(count: usize, silent: Option<usize>) -> (tempfile::TempDir, Env) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            loop {
                let mut asked: Vec<(String, UnixStream)> = Vec::new();
                while asked.len() < count {
                    let Ok((stream, _)) = listener.accept() else { return };
                    let asked_for = question(&stream).split(' ').nth(1).unwrap().to_owned();
                    asked.push((asked_for, stream));
                }
                for (path, mut stream) in asked.into_iter().rev() {
                    if Some(path.as_str()) == silent.map(|number| format!("/{number}")).as_deref() {
                        kept.push(stream);
                    } else {
                        let length = path.len();
                        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{path}").unwrap();
                    }
                }
            }
        });
        let env = env_within("60", &format!("unix://{}", socket.display()));
        (folder, env)
    }

    #[test]
    fn all_are_asked_before_one_is_answered_and_come_in_their_order() {
        let (_folder, env) = answers_late(AT_ONCE, None);
        let wanted: Vec<_> = paths(AT_ONCE * 2).into_iter().map(Ok).collect();
        // Of as many as there may be at once none is answered before the last has been asked.
        assert_eq!(each(&env, &paths(AT_ONCE), 60), wanted[..AT_ONCE]);
        let (_folder, env) = answers_late(1, None);
        assert_eq!(each(&env, &paths(AT_ONCE * 2), 60), wanted);
        assert!(each(&env, &[], 60).is_empty());
    }

    #[test]
    fn one_that_is_not_answered_keeps_no_other_from_its_answer() {
        let (_folder, env) = answers_late(1, Some(1));
        let answers = each(&env, &paths(AT_ONCE * 3), 1);
        for (number, answer) in answers.iter().enumerate() {
            match answer {
                Ok(path) => assert_eq!(*path, format!("/{number}")),
                Err(why) => assert!(number == 1 && why.contains("did not answer within 1 seconds"), "{number}: {why}"),
            }
        }
        assert_eq!((answers.len(), answers[1].is_err()), (AT_ONCE * 3, true));
    }

    #[test]
    fn what_is_not_there_is_nothing_and_a_failure_has_its_words() {
        let answer = |status: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let fake = Fake::answers_all([answer("404 Not Found", "{}"), answer("500 Oh", r#"{"message":"no"}"#)]);
        let wanted = [Ok("nothing".to_owned()), Err("Docker answered /1 with status 500: no".to_owned())];
        assert_eq!(each(&fake.env(), &paths(2), 60), wanted);
        let nobody = each(&env_within("60", "unix:///nonexistent/docker.sock"), &paths(2), 60);
        assert!(nobody.iter().all(|answer| answer.as_ref().is_err_and(|why| why.contains("/nonexistent/docker.sock"))));
    }
}
