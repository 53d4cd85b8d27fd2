//! `ps:signal`: who gets one, and who does not.

use std::fs::{self, File};

use ps_tests::Host;

use crate::fakes::{DOCKER, KILLED, WithDocker, fake, id, running_shop, shop};

/// The signals that Docker was asked to send: `SIGHUP 1 2`, by the numbers of the containers.
fn sent(host: &Host) -> Vec<String> {
    let text = fs::read_to_string(host.sandbox().path("docker/signals")).unwrap_or_default();
    let number = |word: &str| usize::from_str_radix(word, 16).map_or_else(|_| word.to_owned(), |id| id.to_string());
    let line = |line: &str| {
        let (signal, ids) = line.split_once(" -- ").expect("the ids stand behind --");
        std::iter::once(signal.to_owned()).chain(ids.split(' ').map(number)).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect()
}

pub(crate) fn it_reaches_what_is_chosen_and_nothing_else() {
    for (words, wanted) in [
        (&["shop", "HUP"][..], "SIGHUP 1 2 3"),
        (&["shop", "sighup"], "SIGHUP 1 2 3"),
        (&["shop", "web", "SIGUSR1"], "SIGUSR1 1 2"),
        (&["shop", "web.2", "10"], "SIGUSR1 2"),
        (&["shop", "w?b", "worker.1", "34"], "SIGRTMIN 1 2 3"),
        (&["shop", "web.1", "worker", "rtmin+1"], "SIGRTMIN+1 1 3"),
    ] {
        let host = running_shop();
        host.command("signal", words.iter().copied()).succeeds().any_stdout().fires_nothing().changes_no_file();
        assert_eq!(sent(&host), [wanted], "{words:?}");
    }
    let wanted = "-----> Sending SIGHUP to shop\n       web.2: SIGHUP\n";
    running_shop().command("signal", ["shop", "web.2", "HUP"]).succeeds().stdout(wanted);
}

pub(crate) fn the_last_word_is_the_signal_whatever_types_are_called() {
    let host = shop("hup=1 web=1").procfile("web: x\nhup: y\n");
    let host = host.container("hup.1", &id(1)).container("web.1", &id(2));
    let host = host.containers(&[fake(1, "shop", "hup.1"), fake(2, "shop", "web.1")]);
    host.command("signal", ["shop", "hup"]).succeeds().any_stdout();
    host.command("signal", ["shop", "hup", "hup"]).succeeds().any_stdout();
    assert_eq!(sent(&host), ["SIGHUP 1 2", "SIGHUP 1"]);
}

pub(crate) fn what_does_not_run_gets_none() {
    let paused = fake(3, "shop", "worker.1").state(["paused", "", "", "0", "0", "false", ""]);
    let upcoming = fake(4, "shop", "web.3").named("shop.web.3.upcoming-4711");
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.2").state(KILLED), paused, upcoming];
    let host = running_shop().containers(&containers);
    let wanted = "-----> Sending SIGTERM to shop\n       web.1: SIGTERM\n       web.2: none, it is exited\n       \
                  worker.1: none, it is paused\n";
    host.command("signal", ["shop", "TERM"]).succeeds().stdout(wanted);
    assert_eq!(sent(&host), ["SIGTERM 1"]);
    host.command("signal", ["shop", "web.2", "TERM"])
        .refuses("Nothing of shop (web.2) runs, so nothing can get a signal");
    let none = shop("web=1").containers(&[]);
    none.command("signal", ["shop", "TERM"]).refuses("Nothing of shop runs, so nothing can get a signal");
    assert_eq!((sent(&host).len(), sent(&none).len()), (1, 0));
}

pub(crate) fn another_app_s_container_gets_none_whatever_names_it() {
    // A stranger's container may even be called like the id in a file.
    let short = &id(1)[..12];
    let containers = [fake(1, "shop", "web.1"), fake(2, "api", "web.1"), fake(3, "api", "web.2").named(short)];
    let host = shop("web=2").container("web.1", short).container("web.2", &id(2)).containers(&containers);
    host.command("signal", ["shop", "KILL"]).succeeds().any_stdout();
    host.command("signal", ["shop", "web.2", "KILL"]).refuses("Nothing of shop (web.2) runs");
    let whole = format!("KILL -- {}\n", id(1));
    assert_eq!(fs::read_to_string(host.sandbox().path("docker/signals")).unwrap(), format!("SIG{whole}"));
}

pub(crate) fn a_dry_run_sends_nothing() {
    let host = running_shop();
    let wanted = "-----> Plan for shop, nothing is done\nweb.1: SIGKILL\nweb.2: SIGKILL\n";
    host.command("signal", ["--dry-run", "shop", "web", "9"]).succeeds().stdout(wanted);
    assert!(sent(&host).is_empty() && !host.calls().contains(&"container kill".to_owned()));
}

pub(crate) fn quiet_says_nothing() {
    let host = running_shop().env("DOKKU_QUIET_OUTPUT", "1");
    host.command("signal", ["shop", "HUP"]).succeeds();
    assert_eq!(sent(&host), ["SIGHUP 1 2 3"]);
}

pub(crate) fn it_waits_for_no_lock() {
    let path = "lib/data/apps/shop/.deploy.lock";
    let host = running_shop().file(path, "a build");
    let lock = File::open(host.sandbox().path(path)).unwrap();
    lock.lock().unwrap();
    host.command("signal", ["shop", "HUP"]).succeeds().any_stdout();
    assert_eq!(fs::read_to_string(host.sandbox().path(path)).unwrap(), "a build");
    assert_eq!(sent(&host), ["SIGHUP 1 2 3"]);
}

pub(crate) fn what_makes_no_sense_is_refused() {
    let host = running_shop();
    let signal = |words: &[&str]| host.command("signal", words.iter().copied());
    signal(&["shop"]).refuses("Name a signal as the last word, such as: dokku ps:signal shop web HUP");
    signal(&["shop", "web"]).refuses("\"web\" is no signal, use one of HUP, INT, QUIT, ");
    for number in ["0", "32", "65", "18446744073709551617"] {
        signal(&["shop", number]).refuses("is no signal, use one of HUP, ");
    }
    signal(&["shop", "HUP", "web"]).refuses("\"web\" is no signal");
    signal(&["shop", "wrb", "HUP"]).refuses("App shop has no process type wrb, it has: web, worker");
    signal(&["shop", "web.3", "HUP"]).refuses("App shop has no instance \"web.3\", it has: web.1, web.2");
    signal(&[]).refuses("Please specify an app");
    signal(&["nothing", "HUP"]).fails(20).stderr_contains("App nothing does not exist");
    signal(&["shop", "-9"]).fails(2).stderr_contains("-9");
    assert_eq!(host.calls(), [""; 0]);
    let host = host.file("lib/config/common/shop/deployed", "false");
    host.command("signal", ["shop", "HUP"]).refuses("App shop has not been deployed");
    let k3s = ps_tests::host().app("shop").answers("scheduler-detect", "k3s").docker("exit 9");
    k3s.command("signal", ["shop", "HUP"]).refuses("ps:signal works on docker-local alone, and shop is run by k3s");
}

pub(crate) fn a_failure_is_docker_s() {
    let fails = "[ \"$1 $2\" = \"container kill\" ] && { echo 'cannot kill container: it has gone' >&2; exit 1; }";
    let host = running_shop().docker(&format!("{fails}\n{DOCKER}"));
    host.command("signal", ["shop", "HUP"]).fails(1).any_stdout().stderr_contains("cannot kill container: it has gone");
    let host = ps_tests::host().app("shop").docker_local().env("DOCKER_BIN", "/nonexistent/docker");
    host.command("signal", ["shop", "HUP"]).refuses("/nonexistent/docker");
}
