use super::super::engine::tests::{Fake, HEADER, env_within};
use super::super::tests::ID;
use super::*;

fn line(app: &str, action: &str) -> String {
    let attributes = serde_json::json!({ "com.dokku.app-name": app, "image": "x", "exitCode": "0" });
    let actor = serde_json::json!({ "ID": ID, "Attributes": attributes });
    let event = serde_json::json!({
        "status": action, "id": ID, "Type": "container", "Action": action, "Actor": actor,
        "scope": "local", "time": 1_795_719_526, "timeNano": 1_795_719_526_631_881_683_i64,
    });
    format!("{event}\n")
}

/// These chunks, and the last one.
fn answer(chunks: &[&str]) -> String {
    let chunks: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    format!("{HEADER}{chunks}0\r\n\r\n")
}

/// All that is told by an Engine that answers this, as `APP ACTION`, and how it ends.
fn told(answer: impl Into<Vec<u8>>) -> (Vec<String>, Result<()>) {
    let fake = Fake::answers(answer);
    let mut events = ContainerEvents::open(&fake.env(), &["start"]).unwrap();
    let mut told = Vec::new();
    loop {
        match events.next() {
            Ok(Some(event)) => told.push(format!("{} {}", event.app, event.action)),
            Ok(None) => return (told, Ok(())),
            Err(error) => return (told, Err(error)),
        }
    }
}

#[test]
fn an_event_says_what_has_happened_to_whom() {
    let fake = Fake::answers(answer(&[&line("shop", "health_status: unhealthy")]));
    let mut events = ContainerEvents::open(&fake.env(), &["health_status"]).unwrap();
    let wanted = ContainerEvent {
        app: "shop".into(),
        action: "health_status: unhealthy".into(),
        container: ID.into(),
        time: 1_795_719_526,
    };
    assert_eq!(events.next().unwrap(), Some(wanted));
    assert_eq!((events.next().unwrap(), events.next().unwrap()), (None, None));
}

#[test]
fn events_are_lines_however_they_come() {
    let lines = [line("shop", "start"), line("blog", "die"), line("shop", "destroy")].concat();
    let wanted = ["shop start", "blog die", "shop destroy"];
    let bytes: Vec<&str> = (0..lines.len()).map(|at| &lines[at..=at]).collect();
    let (half, rest) = lines.split_at(lines.len() / 2);
    for chunks in [&[&*lines][..], &[half, rest], &bytes] {
        let (told, end) = told(answer(chunks));
        assert_eq!(told, wanted);
        end.unwrap();
    }
}

#[test]
fn a_docker_that_is_killed_has_ended() {
    let whole = line("shop", "start");
    let more = line("blog", "die");
    for cut in [
        format!("{HEADER}{:x}\r\n{whole}", whole.len()),
        format!("{HEADER}{:x}\r\n{whole}\r\n", whole.len()),
        format!("{HEADER}{:x}\r\n{whole}{}", whole.len() + more.len(), &more[..40]),
        answer(&[&whole, &more[..more.len() - 1]]),
    ] {
        let (told, end) = told(cut);
        assert_eq!(told, ["shop start"]);
        end.unwrap();
    }
}

#[test]
fn one_of_no_app_is_left_out() {
    let nobody = line("", "start");
    let unlabelled = nobody.replace("com.dokku.app-name", "com.example");
    let bare = format!(r#"{{"Action":"die","Actor":{{"ID":"{ID}","Attributes":null}},"time":1}}"#) + "\n";
    let (told, end) = told(answer(&[&nobody, &unlabelled, &bare, &line("shop", "start")]));
    assert_eq!(told, ["shop start"]);
    end.unwrap();
}

#[test]
fn rubbish_is_no_event() {
    let good = line("shop", "start");
    for rubbish in ["hello\n", "\n", "{}\n", "[1]\n", &good.replace("1795719526,", "\"now\","), "\u{1b}[2J\n"] {
        let (told, end) = told(answer(&[&good, rubbish, &good]));
        assert_eq!(told, ["shop start"]);
        let error = end.unwrap_err();
        assert!(error.message().starts_with("reading Docker's events: ") && error.message().len() < 400, "{error}");
    }
}

#[test]
fn an_event_of_any_length_is_not_kept() {
    let empty = line("", "start").replace("\"image\":\"x\"", "\"image\":\"\"").len();
    let of_length = |length: usize| {
        let room = "x".repeat(length - empty - "shop".len());
        line("shop", "start").replace("\"image\":\"x\"", &format!("\"image\":\"{room}\""))
    };
    let most = usize::try_from(LONGEST).unwrap();
    let (longest, longer) = (of_length(most), of_length(most + 1));
    assert_eq!((longest.len(), longer.len()), (most, most + 1));
    for chunks in [[&*longest, &longer], [&longest, &"x".repeat(4 * most)]] {
        let (told, end) = told(answer(&chunks));
        assert_eq!(told, ["shop start"]);
        assert_eq!(end.unwrap_err().message(), "reading Docker's events: there is one of more than 1 MiB");
    }
}

#[test]
fn docker_is_asked_for_these_events_of_what_dokku_has_deployed() {
    let now = UNIX_EPOCH + Duration::from_millis(1_795_719_526_999);
    let wanted = "/events?since=1795719526&filters=%7B%22event%22%3A%5B%22start%22%2C%22health_status%22%5D%2C\
                  %22label%22%3A%5B%22com.dokku.container-type%3Ddeploy%22%5D%2C%22type%22%3A%5B%22container%22%5D%7D";
    assert_eq!(path(&["start", "health_status"], now), wanted);
    assert_eq!(percent_encoded("aZ09-_.~ &/%+é"), "aZ09-_.~%20%26%2F%25%2B%C3%A9");
    let fake = Fake::answers(answer(&[]));
    let earliest = SystemTime::now();
    ContainerEvents::open(&fake.env(), &["start", "die"]).unwrap();
    let asked = fake.asked();
    let since = asked.strip_prefix("GET /events?since=").unwrap().split('&').next().unwrap();
    let since: u64 = since.parse().unwrap();
    assert!(since >= earliest.duration_since(UNIX_EPOCH).unwrap().as_secs());
    let at = UNIX_EPOCH + Duration::from_secs(since);
    assert!(asked.starts_with(&format!("GET {} HTTP/1.1\r\n", path(&["start", "die"], at))), "{asked}");
}

#[test]
fn a_docker_that_does_not_tell_is_an_error() {
    let fake = Fake::answers("HTTP/1.1 500 No\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}");
    let error = ContainerEvents::open(&fake.env(), &["start"]).unwrap_err();
    assert!(error.message().ends_with("Docker answered /events with status 500: full"), "{error}");
    let error = ContainerEvents::open(&env_within("60", "tcp://there:2375"), &["start"]).unwrap_err();
    assert!(error.message().ends_with("and DOCKER_HOST is tcp://there:2375"), "{error}");
    let fake = Fake::falls_silent("");
    let error = ContainerEvents::open(&fake.env_within("1"), &["start"]).unwrap_err();
    assert!(error.message().ends_with("docker.sock: it did not answer within 1 seconds)"), "{error}");
}
