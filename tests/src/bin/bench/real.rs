//! What commands and hooks cost on a real Dokku: this plugin, and then the stock one in its place.
//!
//! Each is measured as it is typed, `dokku …`, with the host's own shell in it, and as the executable alone that this
//! shell starts in the end. Checks are disabled, so that none waits for ten seconds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use ps_tests::real_host::{self, destroy_all, home, lib};

use crate::on_a_signal;
use crate::plot::{self, Series};
use crate::real_apps::{self, PREFIX};
use crate::run::{Program, Used, median, small_program};
use crate::table::{Table, number_or_none};

/// How many runs there are, how many where one takes more than a second, and where one takes more than a minute.
const QUICK: usize = 11;
const SLOW: usize = 3;
const ENDLESS: usize = 1;

/// Something to measure.
struct Act {
    name: &'static str,
    /// What is done before each run, and not measured.
    before: &'static [&'static [&'static str]],
    /// The words behind `dokku`; `APP` is the app. Without any it is typed by nobody.
    typed: &'static [&'static str],
    /// The executable and its words, which is `nothing` where it has no name.
    bare: (&'static str, &'static [&'static str]),
}

macro_rules! command {
    ($name:literal, [$($before:expr),*], $program:literal, $words:expr) => {
        Act { name: $name, before: &[$(&$before),*], typed: &$words, bare: (concat!("subcommands/", $program), &$words) }
    };
}

macro_rules! hook {
    ($name:literal, $words:expr) => {
        Act { name: $name, before: &[], typed: &[], bare: ($name, &$words) }
    };
}

/// In this order: each begins with what the one before has left. At first the app has a web and four workers.
const ACTS: [Act; 14] = [
    Act { name: "(dokku version; nothing)", before: &[], typed: &["version"], bare: ("", &[]) },
    hook!("ps-current-scale", ["APP"]),
    hook!("ps-get-property", ["APP", "restart-policy"]),
    hook!("procfile-exists", ["APP"]),
    hook!("procfile-get-command", ["APP", "web", "5000"]),
    hook!("report", ["APP"]),
    command!("ps:report APP", [], "report", ["ps:report", "APP"]),
    command!("ps:report", [], "report", ["ps:report"]),
    command!("ps:restore --all", [], "restore", ["ps:restore", "--all"]),
    command!("ps:start APP, when stopped", [["ps:stop", "APP"]], "start", ["ps:start", "APP"]),
    command!("ps:restart APP web.1", [], "restart", ["ps:restart", "APP", "web.1"]),
    command!("ps:restart APP", [], "restart", ["ps:restart", "APP"]),
    command!(
        "ps:scale APP worker=5, from 4",
        [["ps:scale", "APP", "worker=4"]],
        "scale",
        ["ps:scale", "APP", "worker=5"]
    ),
    command!(
        "ps:scale APP worker=3, from 5",
        [["ps:scale", "APP", "worker=5"]],
        "scale",
        ["ps:scale", "APP", "worker=3"]
    ),
];

/// Milliseconds as typed and as the executable alone; `None` when that fails or is not there.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    typed: Option<f64>,
    bare: Option<f64>,
}

pub(crate) fn real(apps: u64, only: Option<&str>, plots: bool) -> ExitCode {
    if let Some(why) = real_host::missing() {
        println!("There is no Dokku to measure: {why}");
        return ExitCode::FAILURE;
    }
    eprintln!(
        "This swaps the plugin ps of the Dokku on this machine, and restores all of its apps, with {apps} of its own."
    );
    real_host::remember();
    destroy_all(PREFIX);
    on_a_signal(|| {
        put_back();
    });
    let measured = catch_unwind(|| {
        real_host::ours();
        let names = real_apps::make(apps);
        let small = tempfile::tempdir().expect("a folder");
        let ours = measure("ours", only, &names[0], small.path());
        real_host::stock();
        (ours, measure("stock", only, &names[0], small.path()), all_apps())
    });
    let is_back = put_back();
    let Ok((ours, stock, apps)) = measured else { return ExitCode::FAILURE };
    print(&ours, &stock, apps);
    if plots {
        plot::write("real.svg", &plot(&ours, &stock));
    }
    if is_back { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Destroys the apps and puts back the plugin that there was. Says what fails.
fn put_back() -> bool {
    let destroyed = catch_unwind(|| destroy_all(PREFIX)).is_ok();
    catch_unwind(real_host::put_back).is_ok() && destroyed
}

/// How many apps the host has.
fn all_apps() -> usize {
    fs::read_dir(home("")).into_iter().flatten().flatten().filter(|entry| entry.path().join("HEAD").is_file()).count()
}

/// All that is measured of the plugin that is in place, or of that `only` what has these words in its name.
fn measure(whose: &str, only: Option<&str>, app: &str, folder: &Path) -> Vec<Took> {
    let small = for_all(folder);
    real_apps::succeeds(&["ps:scale", app, "worker=4"]);
    let of_one = |act: &Act| {
        if only.is_some_and(|words| !act.name.contains(words)) {
            return Took::default();
        }
        eprintln!("{whose}: {}", act.name);
        let words = |words: &[&str]| words.iter().map(|word| word.replace("APP", app)).collect::<Vec<_>>();
        let typed =
            (!act.typed.is_empty()).then(|| Program::new(act.name, Path::new("dokku"), &words(act.typed), |_| ()));
        let (program, args) = act.bare;
        let program = if program.is_empty() { small.join("nothing") } else { lib("plugins/enabled/ps").join(program) };
        let bare = as_dokku(act.name, &small.join("measured"), &program, &words(args));
        let before = || {
            for before in act.before {
                let before = words(before);
                real_apps::succeeds(&before.iter().map(String::as_str).collect::<Vec<_>>());
            }
        };
        let mut run = |mut program: Program| {
            runs(&mut program, || {
                before();
                real_apps::settle(app);
            })
        };
        Took { typed: typed.and_then(&mut run), bare: run(bare) }
    };
    ACTS.iter().map(of_one).collect()
}

/// The median of some runs; `None` when it fails.
fn runs(program: &mut Program, before: impl Fn()) -> Option<f64> {
    let mut used: Vec<Used> = Vec::with_capacity(QUICK);
    let wanted = |first: &Used| match first.took {
        took if took > 60_000.0 => ENDLESS,
        took if took > 1000.0 => SLOW,
        _ => QUICK,
    };
    while used.first().is_none_or(|first| used.len() < wanted(first)) {
        before();
        match program.try_run() {
            Ok(run) => used.push(run),
            Err(why) => {
                eprintln!("{why}");
                return None;
            }
        }
    }
    Some(median(&used).took)
}

/// Copies of the small programs that the dokku user too may run.
fn for_all(folder: &Path) -> PathBuf {
    for name in ["measured", "nothing"] {
        let copy = folder.join(name);
        fs::copy(small_program(name), &copy).expect("a copy");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the folder's mode");
    folder.to_path_buf()
}

/// An executable of the plugin as the host's shell starts it: by the dokku user, with the variables of a command.
fn as_dokku(name: &str, measured: &Path, program: &Path, args: &[String]) -> Program {
    let at = |relative: &str| lib(relative).display().to_string();
    let labels = "--label=org.label-schema.schema-version=1.0 --label=org.label-schema.vendor=dokku --label=dokku";
    let apps = home("").display().to_string().trim_end_matches('/').to_owned();
    let variables = [
        ("HOME", apps.clone()),
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("LANG", "C.UTF-8".to_owned()),
        ("DOKKU_ROOT", apps.clone()),
        ("DOKKU_HOST_ROOT", apps),
        ("DOKKU_LIB_ROOT", at("").trim_end_matches('/').to_owned()),
        ("DOKKU_SYSTEM_USER", "dokku".to_owned()),
        ("DOKKU_SYSTEM_GROUP", "dokku".to_owned()),
        ("DOKKU_DISTRO", "debian".to_owned()),
        ("DOKKU_NOT_IMPLEMENTED_EXIT", "10".to_owned()),
        ("DOKKU_VALID_EXIT", "0".to_owned()),
        ("DOKKU_API_VERSION", "1".to_owned()),
        ("DOKKU_PID", std::process::id().to_string()),
        ("DOKKU_QUIET_OUTPUT", "1".to_owned()),
        ("DOKKU_LOGS_DIR", "/var/log/dokku".to_owned()),
        ("DOKKU_LOGS_HOST_DIR", "/var/log/dokku".to_owned()),
        ("DOKKU_EVENTS_LOGFILE", "/var/log/dokku/events.log".to_owned()),
        ("DOCKER_BIN", "docker".to_owned()),
        ("DOKKU_CONTAINER_LABEL", "dokku".to_owned()),
        ("DOKKU_GLOBAL_BUILD_ARGS", labels.to_owned()),
        ("DOKKU_GLOBAL_RUN_ARGS", labels.to_owned()),
        ("PLUGIN_PATH", at("plugins")),
        ("PLUGIN_AVAILABLE_PATH", at("plugins/available")),
        ("PLUGIN_ENABLED_PATH", at("plugins/enabled")),
        ("PLUGIN_CORE_PATH", at("core-plugins")),
        ("PLUGIN_CORE_AVAILABLE_PATH", at("core-plugins/available")),
        ("PLUGIN_CORE_ENABLED_PATH", at("core-plugins/enabled")),
    ];
    // It becomes what it starts, so that only that is measured.
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "dokku", "--regid", "dokku", "--init-groups"]).arg(measured).arg(program).args(args);
    command.env_clear().envs(variables).current_dir("/");
    Program::started_by(name, command)
}

fn print(ours: &[Took], stock: &[Took], apps: usize) {
    println!(
        "A host of {apps} apps. Milliseconds, the median of {QUICK} runs, of {SLOW} where one takes more than a second, and of \
         one that takes more than a minute.\n"
    );
    let head = ["", "`dokku …`", "stock", "times faster", "executable alone", "stock", "times faster"];
    let mut table = Table::new(&head);
    for ((act, ours), stock) in ACTS.iter().zip(ours).zip(stock) {
        if ours.typed.or(ours.bare).is_none() && stock.typed.or(stock.bare).is_none() {
            continue;
        }
        let mut cells = vec![if act.name.starts_with('(') { act.name.to_owned() } else { format!("`{}`", act.name) }];
        for (ours, stock) in [(ours.typed, stock.typed), (ours.bare, stock.bare)] {
            let times = ours.zip(stock).map(|(ours, stock)| stock / ours);
            cells.extend([ours, stock, times].map(number_or_none));
        }
        table.row(cells);
    }
    println!("{table}");
}

fn plot(ours: &[Took], stock: &[Took]) -> String {
    let rows: Vec<String> = ACTS.iter().map(|act| act.name.to_owned()).collect();
    let series = |name: &str, of: &[Took], number: fn(&Took) -> Option<f64>| Series {
        name: name.to_owned(),
        values: of.iter().map(number).collect(),
    };
    let series = [
        series("typed", ours, |took| took.typed),
        series("stock, typed", stock, |took| took.typed),
        series("executable", ours, |took| took.bare),
        series("stock's executable", stock, |took| took.bare),
    ];
    plot::dots("Commands and hooks on a real Dokku", "ms", &rows, &series)
}
