use super::super::containers::tests::{exited, web};
use super::super::tests::{ID, fake};
use super::*;

#[test]
fn a_container_is_listed_with_dokku_s_labels() {
    let line = format!("{ID}\tshop.web.1,other/db\trunning\t\"shop\"\t\"deploy\"\t\"web\"\t\"web.1\"");
    let (_folder, env) = fake(&format!("printf '%s\\n' '{line}'"));
    let containers = Docker::new(&env).unwrap().containers().unwrap();
    assert_eq!(containers, [web()]);
}

#[test]
fn a_container_is_the_app_s_that_its_label_names_or_without_one_its_name() {
    let belongs = |label: &str, name: &str| {
        let container = Container { app: label.into(), name: name.into(), ..Container::default() };
        container.belongs_to(&"shop".parse().unwrap())
    };
    assert!(belongs("shop", "anything") && belongs("shop", "api.web.1") && belongs("", ""));
    assert!(!belongs("api", "shop.web.1") && !belongs("shop2", "shop.web.1") && !belongs("api", ""));
    for name in ["shop.web.1", "shop.web.1.1700000000", "shop.web-2.12.upcoming-4711"] {
        assert!(belongs("", name), "{name}");
    }
    for name in ["api.web.1", "shop", "shop.", "shop.web", "shop.web.x", "shop2.web.1", "happy_turing"] {
        assert!(!belongs("", name), "{name}");
    }
    // Apps may be called `shop.api` and `shop.web.1`.
    for name in ["shop.api.web.1", "shop.web.1.worker.2", "shop.web.1.", "shop.web.1.upcoming-", "dokku.redis.shop"] {
        assert!(!belongs("", name), "{name}");
    }
}

#[test]
fn a_label_with_a_newline_does_no_harm() {
    let container =
        listed_container(&format!("{ID}\tx\texited\t\"shop\\n{ID}\"\t\"\"\t\"\"\t\"\"")).expect("a container");
    assert_eq!(container.app, "");
}

#[test]
fn rubbish_is_no_container() {
    for line in ["", "hello", &format!("{ID}\tx\trunning"), &format!("{ID}\tx\trunning\tshop\t\t\t")] {
        assert_eq!(listed_container(line), None, "{line}");
    }
    for line in ["", "hello", &format!("{ID}\trunning\t\t\t0\t0\tfalse"), &format!("{ID}\trunning\t\t\tx\t0\tf\t")] {
        assert_eq!(inspected_container(line), None, "{line}");
    }
}

#[test]
fn a_container_that_never_ran_has_no_times() {
    let line = format!("{ID}\tcreated\t0001-01-01T00:00:00Z\t0001-01-01T00:00:00Z\t0\t0\tfalse\t");
    let (id, details) = inspected_container(&line).unwrap();
    assert_eq!((id.as_str(), &details.started, &details.finished), (ID, &None, &None));
    assert_eq!(details.health, None);
    let (_, details) = inspected_container(&format!("{line}\t\t\tnull\tnull\t\t{{}}\t0\t0")).unwrap();
    assert_eq!((details.memory_limit, details.cpu_limit), (None, None));
}

#[test]
fn a_container_that_vanishes_in_between_is_left_out() {
    let line = format!(
        "{ID}\\texited\\t2024-11-22T20:17:00.5Z\\t2024-11-22T20:18:00Z\\t2\\t137\\ttrue\\tunhealthy\\tsha256:1\\t\\t[\"A=1\"]\\tnull\\t172.17.0.2 10.0.0.7 \\t{{\"a.b\":\"1\\\\t2\"}}\\t268435456\\t500000000"
    );
    let (_folder, env) =
        fake(&format!("printf '{line}\\n'; echo 'Error response from daemon: No such container: abc' >&2; exit 1"));
    let details = Docker::new(&env).unwrap().details(&[ID, "abc"]).unwrap();
    let wanted = ContainerDetails { command: Vec::new(), pid: None, ..exited() };
    assert_eq!(details.get(ID), Some(&wanted));
    assert_eq!(details.len(), 1);
}

#[test]
fn any_other_failure_is_docker_s() {
    let (_folder, env) = fake("echo 'No such container: abc' >&2; echo 'Cannot connect' >&2; exit 1");
    let error = Docker::new(&env).unwrap().details(&[ID]).unwrap_err();
    assert!(error.message().contains("Cannot connect"), "{error}");
}

#[test]
fn nothing_is_asked_about_no_container() {
    let (_folder, env) = fake("exit 1");
    assert!(Docker::new(&env).unwrap().details(&[]).unwrap().is_empty());
}

/// A line of what Docker says of a container.
fn line_of(id: &str) -> String {
    format!("{id}\trunning\t\t\t0\t0\tfalse\t")
}

#[test]
fn what_cannot_be_read_is_the_trouble_of_its_own_container() {
    let ids: Vec<String> = ["a", "b", "c"].map(|digit| digit.repeat(64)).to_vec();
    let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
    let known = |script: &str| {
        let (_folder, env) = fake(script);
        let details = Docker::new(&env).unwrap().details_of_each(&asked, Asked::Everything).unwrap();
        let known = asked.iter().map(|id| details.get(*id).map(Result::is_ok)).collect::<Vec<_>>();
        (known, details.into_values().find_map(Result::err).unwrap().to_string())
    };
    let (one, two) = (line_of(asked[0]), line_of(asked[1]));
    // A line that is none, with the id that it is about; one that does not even tell that; a failure of Docker's.
    let (ok, error) = known(&format!("printf '%s\\n' '{one}' '{}\toops' '{two}'", asked[2]));
    assert_eq!(ok, [Some(true), Some(true), Some(false)]);
    assert!(error.contains("what is no state of a container"), "{error}");
    let (ok, error) = known(&format!("printf '%s\\n' '{one}' oops '{two}'"));
    assert_eq!(ok, [Some(true), Some(true), Some(false)]);
    assert!(error.contains("oops"), "{error}");
    let (ok, error) = known(&format!("printf '%s\\n' '{one}' '{two}'; echo 'layer does not exist' >&2; exit 1"));
    assert_eq!(ok, [Some(true), Some(true), Some(false)]);
    assert!(error.contains("layer does not exist"), "{error}");
}

#[test]
fn who_needs_all_fails_for_one() {
    let (_folder, env) = fake(&format!("printf '%s\\n' '{}' oops", line_of(ID)));
    assert!(Docker::new(&env).unwrap().details(&[ID, &"a".repeat(64)]).is_err());
}

#[test]
fn what_is_long_is_left_out_where_it_is_not_asked() {
    assert_eq!(DETAILS.matches('\t').count(), SHORT_DETAILS.matches('\t').count());
    // Answers as a template is filled in, and no more.
    let script = format!(
        r#"
made=; command=; labels=
case "$4" in *.Config.Env*) made='["A=1"]';; esac
case "$4" in *.Config.Cmd*) command='["x"]';; esac
case "$4" in *.Config.Labels*) labels='{{"l":"m"}}';; esac
printf '{ID}\trunning\t\t\t0\t0\tfalse\t\tsha256:1\t\t%s\t%s\t10.0.0.1 \t%s\t5\t7\n' "$made" "$command" "$labels"
"#
    );
    let (_folder, env) = fake(&script);
    let docker = Docker::new(&env).unwrap();
    let told = |asked| docker.details_of_each(&[ID], asked).unwrap().remove(ID).unwrap().unwrap();
    let (all, short) = (told(Asked::Everything), told(Asked::HowTheyDo));
    assert_eq!(
        (all.variables.as_slice(), all.command.as_slice()),
        (["A=1".to_owned()].as_slice(), ["x".to_owned()].as_slice())
    );
    assert_eq!(all.labels.get("l").map(String::as_str), Some("m"));
    let left = ContainerDetails { variables: Vec::new(), command: Vec::new(), labels: BTreeMap::new(), ..all };
    assert_eq!(short, left);
    assert_eq!((short.addresses.as_slice(), short.memory_limit), (["10.0.0.1".to_owned()].as_slice(), Some(5)));
}
