//! A reader that goes away: `dokku ps:report | head -1`.

use std::io::{self, Read};
use std::process::{Command, Stdio};

use crate::shop;

#[test]
fn a_closed_stdout_ends_quietly() {
    let calls: [(&str, &[&str]); 6] = [
        ("commands", &["ps:help"]),
        ("subcommands/report", &["ps:report", "shop"]),
        ("subcommands/scale", &["ps:scale", "shop"]),
        ("subcommands/scale", &["ps:scale", "--format", "json", "shop"]),
        ("ps-current-scale", &["shop"]),
        ("procfile-get-command", &["shop", "web", "5000"]),
    ];
    for (program, args) in calls {
        // More than a pipe holds, so that the writer cannot get away without noticing.
        let host = shop().procfile(format!("web: {}\n", "a".repeat(100_000)));
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(host.sandbox().program(program));
        command.args(args).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let mut child = host.spawn(&mut command);
        drop(command);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).expect("its stderr");
        let status = child.wait().expect("its status");
        assert_eq!(stderr, "", "{program} {args:?} must end quietly");
        assert_ne!(status.code(), Some(101), "{program} {args:?} panicked");
    }
}
