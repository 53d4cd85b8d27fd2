//! What other plugins and scripts ask, with the stock plugin in place and with ours: the answers must be the same.

use ps_tests::case::without_our_labels;
use ps_tests::executables::triggers;

use crate::host::{App, dokku, succeeds};
use crate::plugin::{self, content, kept};

/// What a command ends with: status, stdout, stderr.
type Answer = (i32, String, String);

/// Asks about `app`, which is called APP in the questions and in the answers.
fn answers(app: &App, questions: &[&str]) -> Vec<Answer> {
    let ask = |question: &&str| {
        let words: Vec<String> =
            question.split(' ').map(|word| word.replace("APP", &app.name).replace("''", "")).collect();
        let printed = dokku(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let own = |text: &str| text.replace(&app.name, "APP");
        (printed.status, without_our_labels(&own(&printed.stdout)), own(&printed.stderr))
    };
    questions.iter().map(ask).collect()
}

/// Asks the stock plugin about one app and ours about the other, which may be the same; ours is in place at the end.
/// Of the questions `in_own_words` only the status is compared: there ours says more, on purpose.
fn are_as_stock(apps: [&App; 2], questions: &[&str], in_own_words: &[&str]) {
    let all = [questions, in_own_words].concat();
    plugin::stock();
    let wanted = answers(apps[0], &all);
    plugin::ours();
    let given = answers(apps[1], &all);
    let mut differing = Vec::new();
    for (number, (wanted, given)) in wanted.iter().zip(&given).enumerate() {
        let same = if number < questions.len() { wanted == given } else { wanted.0 == given.0 && given.0 != 0 };
        if !same {
            differing.push(format!("dokku {}\n  stock: {wanted:?}\n  ours:  {given:?}", all[number]));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

pub(crate) fn every_trigger_of_the_stock_plugin_is_there() {
    plugin::ours();
    let (stock, ours) = (content(&kept()), content(&plugin::live()));
    let missing: Vec<_> = stock
        .keys()
        .filter(|name| !ours.contains_key(*name))
        // The one program behind the stock plugin's links, and a mark of the package.
        .filter(|name| !["triggers", ".core", "subcommands/subcommands"].iter().any(|own| name.as_os_str() == *own))
        .collect();
    assert!(missing.is_empty(), "the stock plugin has {missing:?}");
}

/// The host's own plugins send us all of our triggers, on an app's whole way, and get an answer to each.
pub(crate) fn what_the_host_sends_is_answered() {
    plugin::ours();
    let listening = plugin::Listening::new();
    let app = App::new();
    let formation = r#"{"formation": {"web": {"quantity": 0}, "worker": {"quantity": 1}}}"#;
    app.deploys(&[("app.json", formation)]);
    app.runs(&["worker.1"]);
    succeeds(&["report", &app.name]);
    succeeds(&["ps:stop", &app.name]);
    app.runs_nothing();
    let copy = App::named(&format!("{}-copy", app.name));
    succeeds(&["apps:clone", "--skip-deploy", &app.name, &copy.name]);
    let moved = App::named(&format!("{}-moved", app.name));
    succeeds(&["apps:rename", "--skip-deploy", &copy.name, &moved.name]);
    succeeds(&["apps:destroy", "--force", &moved.name]);
    succeeds(&["plugin:trigger", "app-restart", &app.name]);
    let heard = listening.heard();
    plugin::ours();

    let calls = |trigger: &str| heard.iter().filter(|line| line.split(' ').next() == Some(trigger)).count();
    let unheard: Vec<String> = triggers().into_iter().filter(|trigger| calls(trigger) == 0).collect();
    assert_eq!(unheard, [""; 0], "the host has sent all but these: {heard:#?}");
    // A Procfile without `release` is asked for it: that there is none is the answer.
    let failed = heard.iter().filter(|line| line.split(' ').nth(1) != Some("0"));
    let failed: Vec<_> = failed.filter(|line| !line.starts_with("procfile-get-command 1 ")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

pub(crate) fn they_are_as_stock() {
    plugin::ours();
    let app = App::deployed(&["worker=2"]);
    app.runs(&["web.1", "worker.1", "worker.2"]);
    are_as_stock(
        [&app, &app],
        &[
            "plugin:trigger ps-current-scale APP",
            "plugin:trigger ps-get-property APP restart-policy",
            "plugin:trigger ps-get-property APP restore",
            "plugin:trigger ps-get-property APP skip-deploy",
            "plugin:trigger ps-get-property APP stop-timeout-seconds",
            "plugin:trigger ps-get-property '' stop-timeout-seconds",
            "plugin:trigger procfile-exists APP",
            "plugin:trigger procfile-get-command APP web 5000",
            "plugin:trigger procfile-get-command APP web 5001",
            "plugin:trigger procfile-get-command APP worker",
            "plugin:trigger docker-args-process-deploy APP dockerfile latest worker",
            "plugin:trigger docker-args-process-deploy APP dockerfile latest worker 1",
            "plugin:trigger ps-can-scale APP true",
            "plugin:trigger ps-set-scale APP true false worker=2",
            "plugin:trigger ps-set-scale APP true true web=1 worker=2",
            "plugin:trigger ps-current-scale APP",
            "plugin:trigger report APP",
            "ps:report APP",
            "ps:report APP --format json",
            "ps:report APP --running",
            "ps:report APP --status-worker.2",
            "ps:report APP --nothing",
            "ps:report --global",
            "ps:report no-such-app",
            "ps:scale APP",
            "--quiet ps:scale APP",
            "ps:scale APP --format json",
            "ps:scale no-such-app web=1",
            "ps:inspect APP",
            "ps:set APP restart-policy always",
            "plugin:trigger docker-args-process-deploy APP dockerfile latest worker",
            "ps:report APP --ps-computed-restart-policy",
            "ps:set APP restart-policy",
            "ps:set APP restart-policy sometimes",
            "ps:set APP stop-timeout-seconds 7",
            "plugin:trigger ps-get-property APP stop-timeout-seconds",
            "ps:set APP stop-timeout-seconds",
            "ps:set APP stop-timeout-seconds 1",
            "ps:set --global start-cmd 1",
            "ps:set no-such-app restore true",
            "ps:restart no-such-app",
            "ps:stop no-such-app",
            "ps:start",
        ],
        &["plugin:trigger procfile-get-command APP release 5000", "ps:set APP nothing 1"],
    );
}

pub(crate) fn an_app_that_is_not_deployed_is_as_stock() {
    plugin::ours();
    let apps = [App::created(), App::created()];
    are_as_stock(
        [&apps[0], &apps[1]],
        &[
            "ps:report APP",
            "ps:scale APP",
            "ps:stop APP",
            "ps:start APP",
            "ps:restart APP",
            "ps:scale APP web=2",
            "plugin:trigger ps-current-scale APP",
            "ps:scale --skip-deploy APP web=1 worker=1",
            "plugin:trigger ps-current-scale APP",
            "plugin:trigger procfile-exists APP",
            "plugin:trigger procfile-get-command APP web 5000",
        ],
        &["ps:rebuild APP"],
    );
}
