//! Each command line that README.md and docs/commands.md show, typed on a host, and what it prints compared with what they
//! show: the words and their order. Numbers, sizes, times and ids are what they are.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker, id_in};
use ps_tests::process::wait_until;
use ps_tests::repository;
use ps_tests::sources::text;

const DOCUMENTS: [&str; 2] = ["README.md", "docs/commands.md"];

/// What is shown and not typed here, with the reason.
const ELSEWHERE: [(&str, &str); 5] = [
    ("dokku ps:sc<TAB>", "a key: the suite `completion` has it"),
    ("dokku ps:scale shop <TAB>", "a key: the suite `completion` has it"),
    ("dokku ps:restart shop web<TAB>", "a key: the suite `completion` has it"),
    ("man dokku-ps-scale", "the pages are read by the suites `installed tree` and `install`"),
    ("dokku ps:watch --status", "it takes minutes to come to that: the unit tests of `watched` hold the text"),
];

/// A command line of a document, and the lines below it.
struct Shown {
    line: String,
    prints: Vec<String>,
}

fn shown() -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for document in DOCUMENTS {
        let mut is_code = false;
        let mut is_output = false;
        for line in text(&repository().join(document)).lines() {
            if line.starts_with("```") {
                (is_code, is_output) = (!is_code, false);
            } else if let Some(typed) = line.strip_prefix("$ ").filter(|_| is_code) {
                let typed = typed.split("  #").next().unwrap_or_default().trim().replace("/tmp/host/dokku", "dokku");
                shown.push(Shown { line: typed, prints: Vec::new() });
                is_output = true;
            } else if let Some(last) = shown.last_mut().filter(|_| is_output) {
                last.prints.push(line.to_owned());
            }
        }
    }
    shown
}

/// A word as it is compared: what is measured or made up is one of its kind.
fn word(word: &str) -> Option<&str> {
    let bare = word.trim_matches(|letter| "(),:".contains(letter));
    let is_id = bare.len() >= 11 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_measured = word == "-" || word.starts_with(|letter: char| letter.is_ascii_digit()) && !word.contains('/');
    if is_measured || is_id { None } else { Some(word) }
}

/// The words of a line, without what is measured.
fn plain(line: &str) -> String {
    line.split_whitespace().filter_map(word).collect::<Vec<_>>().join(" ")
}

/// Whether what was printed is what is shown; `...` stands for any lines.
fn is_as_shown(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=printed.len()).any(|skipped| is_as_shown(rest, printed.get(skipped..).unwrap_or_default()))
        }
        Some((line, rest)) => printed.split_first().is_some_and(|(said, left)| said == line && is_as_shown(rest, left)),
    }
}

/// A host on which `demo` is `app`, and what was typed on it.
struct Typist<'a> {
    dokku: &'a Dokku,
    /// Names of the documents, and ours.
    apps: Vec<(&'a str, String)>,
    shown: &'a [Shown],
    typed: BTreeSet<String>,
}

impl Typist<'_> {
    /// Types a line that is shown, and compares.
    fn types(&mut self, line: &str) {
        let meant: Vec<&Shown> = self.shown.iter().filter(|shown| shown.line == line).collect();
        assert!(!meant.is_empty(), "no document shows {line}");
        self.typed.insert(line.to_owned());
        let ours = self.apps.iter().fold(line.to_owned(), |line, (name, app)| line.replace(name, app));
        let words: Vec<String> = ours.split_whitespace().skip(1).map(|word| word.replace('\'', "")).collect();
        let printed = self.dokku.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let theirs = |text: &str| self.apps.iter().fold(text.to_owned(), |text, (name, app)| text.replace(app, name));
        // Of several at once the order is theirs.
        let in_order = |mut lines: Vec<String>| {
            if line.contains("--parallel") {
                lines.sort();
            }
            lines
        };
        let lines = |text: &str| in_order(theirs(text).lines().map(plain).filter(|line| !line.is_empty()).collect());
        for Shown { prints, .. } in meant {
            let plain: Vec<String> = in_order(prints.iter().map(|line| plain(line)).collect());
            let (errors, output): (Vec<String>, Vec<String>) =
                plain.iter().cloned().partition(|line| line.starts_with("! "));
            if prints.is_empty() {
                assert_eq!(printed.status, 0, "{printed}");
                continue;
            }
            let apart = is_as_shown(&output, &lines(&printed.stdout)) && is_as_shown(&errors, &lines(&printed.stderr));
            // The host passes some commands' errors on with their output.
            let together = is_as_shown(&plain, &lines(&format!("{}{}", printed.stdout, printed.stderr)));
            assert!(apart || together, "{line}: {plain:#?}\n{printed}");
        }
    }
}

pub(crate) fn each_command_line_prints_what_is_shown() {
    let (shown, dokku) = (shown(), Dokku::new());
    assert!(shown.len() > 25, "the documents show {} command lines", shown.len());
    let app = dokku.deployed(&["web=1"]);
    let mut demo = Typist { dokku: &dokku, apps: vec![("demo", app.clone())], shown: &shown, typed: BTreeSet::new() };
    // README.md, from its beginning to its end.
    demo.types("dokku ps:scale demo web=2 worker=1");
    demo.types("dokku ps:report demo");
    demo.types("dokku ps:scale demo --dry-run worker+1");
    demo.types("dokku ps:stats demo");
    demo.types("dokku ps:restart demo wroker");
    demo.types("dokku ps:scale demo web=-1");
    // docs/commands.md.
    dokku.succeeds(&["ps:scale", &app, "worker=2"]);
    demo.types("dokku ps:scale demo worker+1");
    demo.types("dokku ps:scale demo worker=3");
    demo.types("dokku ps:set demo restart-policy.wroker no");
    demo.types("dokku ps:set demo stop-timeout-seconds.worker 120");
    demo.types("dokku ps:set-restart-policy demo always");
    demo.types("dokku ps:set demo restart-policy.worker no");
    dokku.succeeds(&["ps:set", &app, "restart-policy"]);
    demo.types("dokku ps:restart-policy demo");
    demo.types("dokku ps:restart demo worker");
    demo.types("dokku ps:restart demo web.1");
    demo.types("dokku ps:restart demo --rolling");
    let queue =
        || fs::read_to_string(dokku.path("lib/data/scheduler-docker-local/dead-containers")).unwrap_or_default();
    wait_until("what the restarts replaced is gone", Duration::from_mins(2), || {
        dokku.succeeds(&["ps:retire"]);
        queue().trim().is_empty()
    });
    dokku.succeeds(&["checks:set", &app, "wait-to-retire", "60"]);
    dokku.succeeds(&["ps:scale", &app, "worker=1"]);
    let container = |instance: &str| id_in(&dokku.path(&format!("home/{app}/CONTAINER.{instance}")));
    docker(&["container", "kill", &container("web.2")]);
    docker(&["container", "rm", "--force", &container("worker.1")]);
    demo.types("dokku ps demo");
    demo.types("dokku ps:wait demo --timeout 3");
    let mut typed = demo.typed;
    typed.extend(on_several(&shown));
    typed.extend(of_mail(&shown));
    let elsewhere = ELSEWHERE.iter().map(|(line, _)| (*line).to_owned());
    let all: BTreeSet<String> = shown.iter().map(|shown| shown.line.clone()).collect();
    assert_eq!(typed.into_iter().chain(elsewhere).collect::<BTreeSet<_>>(), all, "each line that is shown is typed");
}

/// What is shown of two apps.
fn on_several(shown: &[Shown]) -> BTreeSet<String> {
    let dokku = Dokku::new();
    let apps = [dokku.app(), dokku.app()];
    let [api, shop] = apps.clone();
    let of = |apps| Typist { dokku: &dokku, apps, shown, typed: BTreeSet::new() };
    dokku.deploy(&shop, &["web=2", "worker=1"], &dokku.source());
    let mut one = of(vec![("api", api.clone()), ("demo", shop.clone())]);
    docker(&["container", "kill", &id_in(&dokku.path(&format!("home/{shop}/CONTAINER.web.2")))]);
    one.types("dokku ps --all");
    let mut typed = one.typed;
    dokku.deploy(&api, &[], &dokku.source());
    let mut two = of(vec![("api", api), ("shop", shop)]);
    two.types("dokku --quiet ps:complete =ps:scale =shop =w");
    two.types("dokku ps:stop --all");
    dokku.succeeds(&["ps:start", "--all"]);
    two.types("dokku ps:stop --all --parallel 2");
    typed.extend(two.typed);
    typed
}

/// What is shown of an app with a type `worker-mail`.
fn of_mail(shown: &[Shown]) -> BTreeSet<String> {
    let dokku = Dokku::new();
    let app = dokku.app();
    let procfile = fs::read_to_string(dokku.source().join("Procfile")).expect("the demo's Procfile");
    let worker = procfile.lines().find_map(|line| line.strip_prefix("worker:")).expect("a worker");
    let procfile = format!("{procfile}\nworker-mail:{worker}\n");
    let dockerfile = fs::read_to_string(dokku.source().join("Dockerfile")).unwrap_or_default();
    let source = dokku.changed_source("mail", &[("Procfile", &procfile), ("Dockerfile", &dockerfile)]);
    dokku.deploy(&app, &["web=2", "worker-mail=2"], &source);
    let mut typist = Typist { dokku: &dokku, apps: vec![("demo", app.clone())], shown, typed: BTreeSet::new() };
    typist.types("dokku ps:restart demo 'worker-*' web.2");
    dokku.succeeds(&["ps:set", &app, "restart-policy", "no"]);
    docker(&["container", "kill", &id_in(&dokku.path(&format!("home/{app}/CONTAINER.worker-mail.2")))]);
    typist.types("dokku ps:signal demo web.1 'worker-*' HUP");
    typist.typed
}
