use super::*;
use crate::docker_local::{Aside, Running};
use common::{ContainerDetails, Instance, Quantity};
use std::collections::BTreeMap;

pub(in super::super) fn missing(name: &str) -> ListedInstance {
    let instance: Instance = name.parse().unwrap();
    ListedInstance {
        name: name.to_owned(),
        process_type: Some(instance.process_type),
        index: Some(instance.index),
        ..ListedInstance::default()
    }
}

fn with(name: &str, details: ContainerDetails, seconds: u64) -> ListedInstance {
    ListedInstance {
        state: InstanceState::Docker(details.state.clone()),
        container: Some("ab".repeat(32)),
        container_name: Some(format!("shop.{name}")),
        details: Some(details),
        seconds: Some(seconds),
        ..missing(name)
    }
}

pub(in super::super) fn running(name: &str) -> ListedInstance {
    let details = ContainerDetails {
        state: "running".into(),
        started: Some("2024-11-22T20:17:00.123Z".into()),
        restarts: 2,
        health: Some("healthy".into()),
        ..ContainerDetails::default()
    };
    with(name, details, 192)
}

pub(in super::super) fn exited(name: &str, exit_code: i64) -> ListedInstance {
    let details = ContainerDetails {
        state: "exited".into(),
        started: Some("2024-11-22T20:17:00.123Z".into()),
        finished: Some("2024-11-22T20:18:00.123Z".into()),
        exit_code,
        out_of_memory: exit_code == 137,
        ..ContainerDetails::default()
    };
    with(name, details, 60)
}

pub(in super::super) fn listing(desired: &[(&str, Quantity)], instances: Vec<ListedInstance>) -> Listing {
    Listing {
        app: "shop".parse().unwrap(),
        scheduler: "docker-local".into(),
        desired: desired.iter().map(|(name, quantity)| (name.parse().unwrap(), *quantity)).collect(),
        actual: Actual::Instances(instances),
        is_stopped: false,
        pending: BTreeMap::new(),
        watched: crate::watched::Watched::default(),
    }
}

fn process() -> ContainerProcess {
    ContainerProcess { pid: 4711, user: "root".into(), elapsed: 192, cpu: 123, command: "/demo web".into() }
}

#[test]
fn an_app_is_a_table_of_its_instances_with_their_processes() {
    let mut web = running("web.1");
    web.processes = Some(Ok(vec![process()]));
    web.memory = Some(12_897_484);
    let mut unread = running("web.2");
    unread.processes = Some(Err("it hangs".into()));
    let listing = listing(&[("web", 3), ("worker", 1)], vec![web, unread, exited("web.3", 137), missing("worker.1")]);
    let wanted = "\
=====> shop processes
       INSTANCE  STATE    SINCE   RESTARTS  HEALTH    MEMORY  CONTAINER     EXIT
          PID  USER  ELAPSED  %CPU  COMMAND
       web.1     running  3m 12s         2  healthy  12.3MiB  abababababab
         4711  root   3m 12s  12.3  /demo web
       web.2     running  3m 12s         2  healthy        -  abababababab
         processes unknown: it hangs
       web.3     exited   1m ago         0  -              -  abababababab  137 (SIGKILL, out of memory)
       worker.1  missing  -              -  -              -  -
       web 2/3  worker 0/1
";
    assert_eq!(of_app(&listing, false, &[], Look::default()), wanted);
}

#[test]
fn what_waits_to_be_removed_is_a_line_unless_it_is_asked_for() {
    let retiring = |name, retires_in| ListedInstance { state: InstanceState::Retiring, retires_in, ..running(name) };
    let told = |with_retired, retiring: Vec<ListedInstance>| {
        let all = std::iter::once(running("web.1")).chain(retiring).collect();
        of_app(&listing(&[("web", 1)], all), with_retired, &["what to do".to_owned()], Look::default())
    };
    let two = || vec![retiring("web.1", Some(58)), retiring("web.2", Some(3))];
    assert!(
        told(false, two()).ends_with("       web 1/1\n       2 retiring, the last one for 58s\n       what to do\n")
    );
    assert!(told(false, vec![retiring("web.2", None)]).contains("\n       1 retiring\n"));
    assert!(told(false, vec![retiring("web.2", Some(9))]).contains("\n       1 retiring, for 9s\n"));
    assert!(!told(false, vec![]).contains("retiring"));
    assert_eq!(told(true, two()).lines().filter(|line| line.contains("  retiring  ")).count(), 2);
}

#[test]
fn a_terminal_gets_colours_and_no_line_that_is_too_long() {
    let mut sick = running("web.2");
    sick.details.as_mut().unwrap().health = Some("unhealthy".into());
    let text = of_app(
        &listing(&[], vec![running("web.1"), sick, missing("web.3")]),
        false,
        &[],
        Look { width: Some(42), colour: true },
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "       web.1     \x1b[32mrunning\x1b[0m  3m 12s         2");
    assert_eq!(lines[3], "       web.2     \x1b[31mrunning\x1b[0m  3m 12s         2");
    assert_eq!(lines[4], "       web.3     \x1b[31mmissing\x1b[0m  -              -");
    assert!(lines.iter().all(|line| line.replace("\x1b[3", "").replace("\x1b[0m", "").len() <= 44), "{text}");
}

#[test]
fn an_exit_is_a_status_and_what_it_means() {
    for (code, words) in
        [(0, "0"), (1, "1"), (143, "143 (SIGTERM)"), (161, "161 (signal 33)"), (165, "165 (SIGRTMIN+3)"), (255, "255")]
    {
        assert_eq!(exit(&exited("web.1", code)).as_deref(), Some(words));
    }
    assert_eq!(exit(&running("web.1")), None);
}

#[test]
fn another_scheduler_tells_a_number_and_a_word() {
    let actual = Actual::Status(AppStatus { processes: 3, running: Running::True });
    let listing = Listing { actual, scheduler: "k3s".into(), ..listing(&[("web", 3)], Vec::new()) };
    let wanted = "=====> shop processes\n       3 instances, running: true\n       The scheduler k3s tells no more\n";
    assert_eq!(of_app(&listing, false, &[], Look::default()), wanted);
    assert!(listing.is_as_desired());
    assert_eq!(
        of_apps(&[listing], Look::default()).lines().nth(1),
        Some("shop  running  web ?/3  (3 by k3s)         -  -")
    );
}

#[test]
fn an_app_with_nothing_says_so() {
    let text = of_app(&listing(&[], Vec::new()), false, &[], Look::default());
    assert_eq!(text, "=====> shop processes\n       no process types\n");
}

#[test]
fn apps_are_a_line_each() {
    let stray = ListedInstance { state: InstanceState::Stray, ..running("web.1") };
    let shop = listing(&[("web", 2), ("worker", 0)], vec![running("web.1"), exited("web.2", 1), stray]);
    let api = Listing { app: "api".parse().unwrap(), actual: Actual::NotDeployed, ..listing(&[("web", 1)], vec![]) };
    let wanted = "\
APP   STATE         RUNNING                       RESTARTS  SINCE
shop  mixed         web 1/2  worker 0/0  (1 exited)  (1 stray)         2  3m 12s
api   not deployed  web 0/1                               -  -
";
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = of_apps(&[shop, api], Look::default());
    assert_eq!(squeezed(&text), squeezed(wanted));
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn an_app_is_as_desired_when_exactly_that_runs() {
    let desired = |quantities: &[(&str, Quantity)], instances| listing(quantities, instances).is_as_desired();
    let stray = || ListedInstance { state: InstanceState::Stray, ..exited("web.7", 0) };
    let retiring = || ListedInstance { state: InstanceState::Retiring, ..running("web.1") };
    let mut sick = running("web.1");
    sick.details.as_mut().unwrap().health = Some("unhealthy".into());
    assert!(desired(&[("web", 1), ("worker", 0)], vec![running("web.1"), retiring()]));
    assert!(desired(&[("web", 0)], vec![exited("web.1", 0)]));
    assert!(!desired(&[("web", 2)], vec![running("web.1"), exited("web.2", 0)]));
    assert!(!desired(&[("web", 1)], vec![running("web.1"), stray()]));
    assert!(!desired(&[("web", 1)], vec![running("web.1"), running("web.2")]));
    assert!(!desired(&[("web", 1)], vec![missing("web.1"), running("web.2")]));
    assert!(!desired(&[("web", 1)], vec![sick]));
}

#[test]
fn one_word_tells_how_an_app_is() {
    let word = |instances| listing(&[("web", 2)], instances).state();
    assert_eq!(word(vec![running("web.1"), running("web.2")]), "running");
    assert_eq!(word(vec![running("web.1"), missing("web.2")]), "mixed");
    assert_eq!(word(vec![exited("web.1", 0), missing("web.2")]), "down");
    let stopped = |instances| Listing { is_stopped: true, ..listing(&[("web", 2)], instances) };
    let rests = || ListedInstance { aside: Some(Aside::Stopped), ..exited("web.1", 0) };
    assert_eq!(stopped(vec![rests()]).state(), "stopped");
    assert_eq!(stopped(vec![rests(), running("web.2")]).state(), "mixed");
    assert!(stopped(vec![rests()]).is_as_desired() && !stopped(vec![rests(), running("web.2")]).is_as_desired());
    assert_eq!(listing(&[("web", 0)], vec![]).state(), "stopped");
}

#[test]
fn json_has_numbers_as_numbers_and_null_where_nothing_is_known() {
    let mut web = running("web.1");
    web.processes = Some(Ok(vec![process()]));
    let json = super::super::json::object(&listing(&[("web", 2)], vec![web, missing("web.2")])).unwrap();
    let id = "ab".repeat(32);
    let wanted = format!(
        "{{\"app\":\"shop\",\"scheduler\":\"docker-local\",\"state\":\"mixed\",\"as_desired\":false,\
         \"types\":[{{\"type\":\"web\",\"desired\":2,\"running\":1,\"stopped\":0,\"pending\":[]}}],\"status\":null,\"restarts\":2,\
         \"since\":\"2024-11-22T20:17:00.123Z\",\"instances\":[\
         {{\"instance\":\"web.1\",\"type\":\"web\",\"index\":1,\"state\":\"running\",\"container\":\"{id}\",\
         \"container_name\":\"shop.web.1\",\"container_state\":\"running\",\"started\":\"2024-11-22T20:17:00.123Z\",\
         \"finished\":null,\"seconds\":192,\"restarts\":2,\"health\":\"healthy\",\"exit_code\":null,\"signal\":null,\
         \"out_of_memory\":false,\"memory\":null,\"retires_in\":null,\"processes\":[{{\"pid\":4711,\"user\":\"root\",\"elapsed\":192,\"cpu\":12.3,\
         \"command\":\"/demo web\"}}]}},\
         {{\"instance\":\"web.2\",\"type\":\"web\",\"index\":2,\"state\":\"missing\",\"container\":null,\
         \"container_name\":null,\"container_state\":null,\"started\":null,\"finished\":null,\"seconds\":null,\
         \"restarts\":null,\"health\":null,\"exit_code\":null,\"signal\":null,\"out_of_memory\":false,\"memory\":null,\"retires_in\":null,\
         \"processes\":null}}],\"given_up\":[],\"healed\":[]}}\n"
    );
    assert_eq!(json, wanted);
}
