//! Files that cannot be read: half-written, without permission, a directory in their place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use ps_tests::{Host, Outcome};

use crate::{headline, shop};

/// What reads each property, and the property's file.
const READERS: [(&str, &[&str], &str); 10] = [
    ("subcommands/scale", &["ps:scale", "shop"], "scale"),
    ("subcommands/scale", &["ps:scale", "shop", "web=2"], "scale"),
    ("ps-current-scale", &["shop"], "scale"),
    ("subcommands/report", &["ps:report", "shop"], "restart-policy"),
    ("ps-get-property", &["shop", "restart-policy"], "restart-policy"),
    ("docker-args-process-deploy", &["shop", "dockerfile", "latest", "web", "1"], "restart-policy"),
    ("subcommands/report", &["ps:report", "shop"], "restart-policy.web"),
    ("ps-get-property", &["shop", "restart-policy.web"], "restart-policy.web"),
    ("docker-args-process-deploy", &["shop", "dockerfile", "latest", "web", "1"], "restart-policy.web"),
    ("ps-set-scale", &["shop", "true", "false", "web=2"], "scale"),
];

fn unreadable(outcome: Outcome, property: &str) {
    outcome.refuses(property).stdout_at_most(&headline("web=2"));
}

#[test]
fn a_directory_in_the_place_of_a_property() {
    for (program, args, property) in READERS {
        let host = shop().directory(&format!("lib/config/ps/shop/{property}"));
        unreadable(host.run(program, args.iter().copied()), property);
    }
}

#[test]
fn a_directory_in_the_place_of_a_stop_timeout_keeps_no_app_from_being_stopped() {
    let host = shop().directory("lib/config/ps/shop/stop-timeout-seconds.web");
    let stopped = host.command("stop", ["shop"]).succeeds().stdout("-----> Stopping shop\n");
    stopped.stderr_contains("stop-timeout-seconds.web").fires(&["scheduler-stop docker-local shop", "post-stop shop"]);
}

#[test]
fn a_directory_in_the_place_of_a_global_property() {
    let host = shop().directory("lib/config/ps/--global/restart-policy");
    host.command("report", ["shop"]).refuses("restart-policy");
}

#[test]
fn a_property_that_may_not_be_read() {
    for (program, args, property) in READERS {
        let host = shop().property("restart-policy", "always");
        // A type's own is read before the app's, and then that is not read at all.
        let host = if property.contains('.') { host.property(property, "5") } else { host };
        let path = host.sandbox().path(&format!("lib/config/ps/shop/{property}"));
        fs::set_permissions(&path, Permissions::from_mode(0o000)).expect("the property's mode");
        unreadable(without_privileges(&host, program, args), property);
    }
}

/// Root reads every file; so as root the program runs without the two capabilities that let it.
fn without_privileges(host: &Host, program: &str, args: &[&str]) -> Outcome {
    let path = host.sandbox().program(program);
    let mut command = if rustix::process::geteuid().is_root() {
        let without = "-dac_override,-dac_read_search";
        let mut setpriv = Command::new("setpriv");
        setpriv.arg(format!("--bounding-set={without}")).arg(format!("--inh-caps={without}")).arg(path);
        setpriv
    } else {
        Command::new(path)
    };
    host.run_command(program, command.args(args))
}

#[test]
fn a_half_written_scale_names_the_type() {
    let message = " !     Missing count for process type wor\n";
    let host = || shop().property("scale", "web=1\nwor");
    host().command("scale", ["shop"]).refuses("").stderr(message);
    host().command("scale", ["shop", "web=2"]).refuses("").stderr(message).stdout_at_most(&headline("web=2"));
    host().run("ps-current-scale", ["shop"]).refuses("").stderr(message);
}

#[test]
fn a_scale_that_is_no_text() {
    let host = shop().file("lib/config/ps/shop/scale", b"web=1\n\xff\xfe\0=\n");
    host.command("scale", ["shop"]).refuses("scale");
    host.run("ps-current-scale", ["shop"]).refuses("scale");
}

#[test]
fn a_directory_in_the_place_of_the_procfile() {
    let host = || shop().directory("lib/data/ps/shop/Procfile");
    host().run("procfile-exists", ["shop"]).refuses("Procfile");
    host().run("procfile-get-command", ["shop", "web", "5000"]).refuses("Procfile");
    host().command("scale", ["shop", "web=2"]).refuses("Procfile").stdout_at_most(&headline("web=2"));
}

#[test]
fn a_directory_in_the_place_of_the_procfile_of_a_source() {
    let host = shop().directory("work/Procfile");
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source]).refuses("Procfile");
}

#[test]
fn a_directory_in_the_place_of_a_container_file() {
    let host = shop().docker_local().docker("exit 0").directory("home/shop/CONTAINER.web.1");
    host.command("report", ["shop"]).refuses("CONTAINER.web.1");
}

#[test]
fn a_directory_in_the_place_of_the_lock() {
    let host = shop().directory("lib/data/apps/shop/.deploy.lock");
    host.command("scale", ["shop", "web=2"]).refuses("lock").stdout_at_most(&headline("web=2"));
}
