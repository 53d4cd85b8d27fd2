use super::super::containers::tests::{exited, web};
use super::super::engine::tests::Fake;
use super::super::tests::ID;
use super::*;
use crate::Env;
use proptest::prelude::*;

const LONG: Duration = Duration::from_mins(1);

fn answered(status: &str, body: &str) -> Fake {
    Fake::answers(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

fn engine(env: &Env) -> Engine {
    Engine::new(env).unwrap()
}

/// What is read of a list.
fn listed(body: &str) -> Result<Vec<Container>> {
    let fake = answered("200 OK", body);
    containers(&engine(&fake.env()), LONG, None)
}

/// What is read of one container.
fn inspected(status: &str, body: &str) -> Result<BTreeMap<String, Result<ContainerDetails>>> {
    let fake = answered(status, body);
    details(&engine(&fake.env()), LONG, &[ID], Asked::Everything)
}

#[test]
fn a_container_is_listed_with_dokku_s_labels() {
    let body = format!(
        r#"[{{"Id":"{ID}","Names":["/other/db","/shop.web.1"],"State":"running","Status":"Up 2 hours","Ports":[],
            "Labels":{{"com.dokku.app-name":"shop","com.dokku.container-type":"deploy","com.dokku.process-type":"web",
            "com.dokku.dyno":"web.1","more":"x"}}}},
           {{"Id":"{ID}","Names":null,"State":"exited","Labels":null}}]"#
    );
    let bare = Container { id: ID.into(), state: "exited".into(), ..Container::default() };
    assert_eq!(listed(&body).unwrap(), [web(), bare]);
    assert!(listed("[]").unwrap().is_empty());
}

#[test]
fn all_are_asked_for_or_those_with_the_label_of_an_app() {
    for (app, wanted) in [
        (None, "GET /containers/json?all=1 HTTP/1.1"),
        (
            Some("shop-2"),
            "GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.dokku.app-name%3Dshop-2%22%5D%7D HTTP/1.1",
        ),
    ] {
        let fake = answered("200 OK", "[]");
        let app: Option<App> = app.map(|app| app.parse().unwrap());
        containers(&engine(&fake.env()), LONG, app.as_ref()).unwrap();
        assert_eq!(fake.asked().lines().next(), Some(wanted));
    }
}

#[test]
fn where_an_id_is_not_among_an_app_s_own_all_are_asked_for() {
    let body = |label: &str| format!(r#"[{{"Id":"{ID}","State":"exited","Labels":{{{label}}}}}]"#);
    let own = body(r#""com.dokku.app-name":"shop""#);
    let asked = |ids: &[&str]| {
        let fake = Fake::answers_all(
            [own.as_str(), &body("")]
                .map(|body| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
        );
        let app = "shop".parse().unwrap();
        let found = containers_of(&engine(&fake.env()), LONG, &app, ids).unwrap();
        found.into_iter().map(|container| container.app).collect::<Vec<_>>()
    };
    assert_eq!(asked(&[]), ["shop"]);
    assert_eq!(asked(&[ID, &ID[..12]]), ["shop"]);
    assert_eq!(asked(&[ID, "0123456789ab"]), [""]);
}

#[test]
fn a_label_that_none_of_dokku_s_can_be_is_none() {
    for odd in ["shop\\n", "sh\\\"op", "\\\\", "a\\u001b"] {
        let body = format!(r#"[{{"Id":"{ID}","State":"exited","Labels":{{"com.dokku.app-name":"{odd}"}}}}]"#);
        assert_eq!(listed(&body).unwrap()[0].app, "", "{odd}");
    }
}

#[test]
fn rubbish_is_no_list() {
    let no_id = r#"[{"Id":"../x","Names":["/x"],"State":"running","Labels":{}}]"#;
    let no_state = format!(r#"[{{"Id":"{ID}","Names":["/x"],"State":"Running now","Labels":{{}}}}]"#);
    for rubbish in ["", "hello", "{}", "null", "[{}]", "[", no_id, &no_state, r#"[{"Id":1}]"#] {
        let error = listed(rubbish).unwrap_err();
        assert!(
            error.message().contains("Docker answered /containers/json with what is no answer"),
            "{rubbish}: {error}"
        );
    }
}

#[test]
fn a_container_is_told_of_in_full() {
    let body = format!(
        r#"{{"Id":"{ID}","State":{{"Status":"exited","StartedAt":"2024-11-22T20:17:00.5Z",
            "FinishedAt":"2024-11-22T20:18:00Z","ExitCode":137,"Pid":4711,"OOMKilled":true,"Health":{{"Status":"unhealthy"}}}},
            "RestartCount":2,"Image":"sha256:1","Created":"0001-01-01T00:00:00Z",
            "Config":{{"Env":["A=1"],"Cmd":["x","y"],"Labels":{{"a.b":"1\t2"}}}},
            "NetworkSettings":{{"Networks":{{"a":{{"IPAddress":"172.17.0.2"}},"b":{{"IPAddress":""}},"c":{{"IPAddress":"10.0.0.7"}}}}}},
            "HostConfig":{{"Memory":268435456,"NanoCpus":500000000}}}}"#
    );
    let wanted = exited();
    assert!(inspected("200 OK", &body.replace('\t', "\\t")).unwrap().remove(ID).unwrap().unwrap() == wanted);
    let fake = answered("200 OK", &body.replace('\t', "\\t"));
    let short = details(&engine(&fake.env()), LONG, &[ID], Asked::HowTheyDo).unwrap().remove(ID).unwrap().unwrap();
    let left =
        ContainerDetails { variables: Vec::new(), command: Vec::new(), labels: BTreeMap::new(), ..wanted.clone() };
    assert_eq!(short, left);
    let labels: BTreeMap<String, String> = [("a.b".into(), "1".into()), ("c".into(), "2".into())].into();
    let whole = ContainerDetails { labels, ..wanted };
    let labelled = whole.clone().cut_to(Asked::Labelled("a.b"));
    assert_eq!(labelled, ContainerDetails { labels: [("a.b".into(), "1".into())].into(), ..left.clone() });
    let not = whole.clone().cut_to(Asked::Labelled("x"));
    assert_eq!(not, ContainerDetails { labels: BTreeMap::new(), ..whole });
}

#[test]
fn what_is_not_there_is_left_out() {
    let body = format!(
        r#"{{"Id":"{ID}","State":{{"Status":"created","StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"","ExitCode":0,"Pid":0}},
            "RestartCount":0,"Config":{{"Env":null,"Cmd":null,"Labels":null}},"NetworkSettings":{{"Networks":null}},
            "HostConfig":{{"Memory":0,"NanoCpus":-1}}}}"#
    );
    let found = inspected("200 OK", &body).unwrap().remove(ID).unwrap().unwrap();
    assert_eq!(found, ContainerDetails { state: "created".into(), ..ContainerDetails::default() });
    assert!(inspected("404 Not Found", r#"{"message":"No such container: x"}"#).unwrap().is_empty());
}

#[test]
fn of_whom_nothing_is_known_that_is_an_error() {
    let error = inspected("500 Oops", r#"{"message":"layer does not exist"}"#).unwrap_err();
    assert!(error.message().ends_with("with status 500: layer does not exist"), "{error}");
    for rubbish in
        ["", "[]", "{}", &format!(r#"{{"Id":"{ID}","State":{{"Status":"Up 2","ExitCode":0}},"RestartCount":0}}"#)]
    {
        assert!(inspected("200 OK", rubbish).is_err(), "{rubbish}");
    }
}

#[test]
fn an_answer_that_is_cut_short_says_so() {
    let fake = Fake::answers("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[");
    let error = containers(&engine(&fake.env()), LONG, None).unwrap_err();
    assert!(error.message().starts_with("reading Docker's answer: "), "{error}");
    let fake = Fake::falls_silent("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[");
    let error = containers(&engine(&fake.env()), Duration::from_secs(1), None).unwrap_err();
    assert!(error.message().ends_with("it did not answer within 1 seconds"), "{error}");
}

#[test]
fn an_image_has_its_id_and_what_it_is_made_with() {
    let body = r#"{"Id":"sha256:12","Config":{"WorkingDir":"/app","Env":["A=1"],"Labels":null}}"#;
    let fake = answered("200 OK", body);
    let (id, config) = image(&engine(&fake.env()), LONG, "dokku/shop:latest").unwrap();
    assert_eq!((id.as_str(), config.working_dir.as_str()), ("sha256:12", "/app"));
    assert_eq!((config.env, config.labels), (Some(vec!["A=1".to_owned()]), None));
    assert!(fake.asked().starts_with("GET /images/dokku/shop%3Alatest/json HTTP/1.1"));
    let fake = answered("404 Not Found", r#"{"message":"x"}"#);
    let error = image(&engine(&fake.env()), LONG, "dokku/shop:latest").unwrap_err();
    assert_eq!(error.message(), "No such image: dokku/shop:latest");
}

#[test]
fn the_processes_inside_are_lines() {
    let body =
        r#"{"Titles":["PID","USER","ELAPSED","%CPU","COMMAND"],"Processes":[["7","root","12","0.1","/web  x"]]}"#;
    let fake = answered("200 OK", body);
    assert_eq!(processes(&engine(&fake.env()), LONG, ID, "pid,user").unwrap(), ["7 root 12 0.1 /web  x"]);
    assert!(fake.asked().starts_with(&format!("GET /containers/{ID}/top?ps_args=-eo%20pid%2Cuser HTTP/1.1")));
    let fake = answered("200 OK", r#"{"Processes":null}"#);
    assert!(processes(&engine(&fake.env()), LONG, ID, "pid").unwrap().is_empty());
}

#[test]
fn one_who_works_names_a_container_or_none() {
    let works = |status: &str, body: &str| answers(&engine(&answered(status, body).env()), LONG);
    works("200 OK", "[]").unwrap();
    for (status, body) in [("200 OK", "hello"), ("404 Not Found", ""), ("500 Oops", "")] {
        assert!(works(status, body).is_err(), "{status} {body}");
    }
}

/// An answer in which some bytes are others.
fn changed(answer: &'static str) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec((0..answer.len(), any::<u8>()), 0..5).prop_map(move |changes| {
        let mut bytes = answer.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes
    })
}

const LIST: &str =
    r#"[{"Id":"3e5ab9b9e5ac","Names":["/shop.web.1"],"State":"running","Labels":{"com.dokku.app-name":"shop"}}]"#;

const ONE: &str = r#"{"Id":"3e5ab9b9e5ac","State":{"Status":"exited","StartedAt":"2024-11-22T20:17:00.5Z","ExitCode":137,"Pid":1},
    "RestartCount":2,"Config":{"Env":["A=1"],"Cmd":null},"NetworkSettings":{"Networks":{"a":{"IPAddress":"172.17.0.2"}}},
    "HostConfig":{"Memory":268435456,"NanoCpus":0}}"#;

proptest! {
    #![proptest_config(seeded::cases(50_000))]

    #[test]
    fn an_answer_is_a_container_or_rubbish(list in changed(LIST), one in changed(ONE)) {
        for listed in serde_json::from_slice::<Vec<Listed>>(&list).unwrap_or_default() {
            if let Some(container) = container(listed) {
                prop_assert!(is_id(&container.id) && is_word(container.state.as_str()));
                prop_assert!(!container.app.contains(char::is_control));
            }
        }
        if let Some((id, details)) = serde_json::from_slice(&one).ok().and_then(container_details) {
            prop_assert!(is_id(&id) && is_word(details.state.as_str()) && details.pid != Some(0));
        }
    }
}
