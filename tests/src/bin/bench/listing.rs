//! What a report and a listing cost on hosts of 1 to 200 apps, beside the least that they can cost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ps_tests::real_host;
use ps_tests::{Answer, Host, host};

use crate::engine::Engine;
use crate::files::{INSTANCES, add_other_plugins, containers, make_apps};
use crate::plot::{self, Series};
use crate::real_containers::RealContainers;
use crate::run::{Program, Used, by_itself, in_turn, small_program};
use crate::table::{Table, number, number_or_none};
use crate::{on_a_signal, real_containers};

const SIZES: [usize; 4] = [1, 10, 50, 200];
/// More real containers would take minutes to make.
const REAL_SIZES: [usize; 2] = [1, 10];
const RUNS: usize = 21;

/// Where a Docker listens that nobody has told otherwise.
const SOCKET: &str = "/var/run/docker.sock";

/// What is measured: its name, the executable, its words, and the place of its floor among the floors.
const COMMANDS: [(&str, &str, &[&str], usize); 5] = [
    ("ps:report APP", "subcommands/report", &["ps:report", "app-000"], 0),
    ("ps APP --format json", "subcommands/default", &["ps", "app-000", "--format", "json"], 0),
    ("ps:report", "subcommands/report", &["ps:report"], 0),
    ("ps --all", "subcommands/default", &["ps", "--all"], 0),
    ("ps:inspect APP", "subcommands/inspect", &["ps:inspect", "app-000"], 1),
];

/// The least that a listing costs, and the least that anything does.
const FLOORS: [&str; 2] = ["(one request)", "(nothing)"];

/// A line of the table.
struct Row {
    name: String,
    used: Used,
    /// How much that is of its floor.
    ratio: f64,
    /// Requests that the stand-in for Docker got.
    requests: Option<usize>,
    against: Option<f64>,
}

pub(crate) fn listing(against: Option<&Path>, plots: bool) {
    let stock = real_host::kept();
    let against = against.or_else(|| stock.is_dir().then_some(&*stock));
    match against {
        Some(tree) => println!("The other plugin is the one in {}.", tree.display()),
        None => println!("There is no other plugin beside it: {} does not exist.", stock.display()),
    }
    println!("Triggers are answered by small shell scripts, whose time is in what fires them.\n");
    let mut grown = Vec::new();
    for apps in SIZES {
        let host = new_host();
        let containers = containers(apps);
        make_apps(host.sandbox(), &containers);
        let engine = Engine::begin(&host.sandbox().path("docker.sock"), &containers);
        let socket = host.sandbox().path("docker.sock");
        let rows = measure(&host, &socket, Some(&engine), against);
        println!("{}, a stand-in for Docker\n\n{}", sizes(apps), table(&rows, against.is_some()));
        grown.push(rows);
    }
    if plots {
        plot::write("listing.svg", &plot(&grown));
    }
    let docker = Command::new("docker").arg("version").output();
    if !docker.is_ok_and(|done| done.status.success()) {
        println!("With a real Docker nothing was measured: none runs here.");
        return;
    }
    on_a_signal(real_containers::remove_all);
    for apps in REAL_SIZES {
        let host = new_host();
        let real = RealContainers::start(apps);
        make_apps(host.sandbox(), &real.containers);
        let rows = measure(&host, Path::new(SOCKET), None, against);
        let others = real_containers::count() - real.containers.len();
        println!("{}, a real Docker with {others} more\n\n{}", sizes(apps), table(&rows, against.is_some()));
    }
}

fn new_host() -> Host {
    let host = host().docker_local();
    add_other_plugins(host.sandbox());
    host.sandbox().forget("host", "scheduler-inspect");
    host.sandbox().answer("scheduler-docker-local", "scheduler-inspect", &[Answer::default()]);
    host
}

fn sizes(apps: usize) -> String {
    let word = if apps == 1 { "app" } else { "apps" };
    format!("{apps} {word}, {} containers", apps * INSTANCES.len())
}

fn measure(host: &Host, socket: &Path, engine: Option<&Engine>, against: Option<&Path>) -> Vec<Row> {
    let docker = BTreeMap::from([("DOCKER_HOST".to_owned(), Some(format!("unix://{}", socket.display())))]);
    let sandbox = host.sandbox();
    let surround = |command: &mut Command| sandbox.surround(command, &docker);
    let mut programs = vec![
        Program::new(FLOORS[0], &small_program("ask"), &[socket], surround),
        Program::new::<&str>(FLOORS[1], &small_program("nothing"), &[], surround),
    ];
    for (name, program, words, _) in COMMANDS {
        programs.push(Program::new(name, &sandbox.program(program), words, surround));
    }
    // The first run of each reads it from the disk, and has the stand-in for Docker make its answers.
    for program in &mut programs {
        program.run();
    }
    let asked = || engine.map(|engine| engine.asked(|_| true).len());
    let requests: Vec<Option<usize>> = programs
        .iter_mut()
        .map(|program| {
            let before = asked();
            program.run();
            Some(asked()? - before?)
        })
        .collect();
    let medians = in_turn(&mut programs, RUNS);
    let mut others = vec![None; FLOORS.len()];
    for (name, program, words, _) in COMMANDS {
        let program = against.map(|tree| tree.join(program)).filter(|program| program.is_file());
        others.push(program.and_then(|program| other(Program::new(name, &program, words, surround))));
    }
    let floors = [0, 1].into_iter().chain(COMMANDS.map(|(.., floor)| floor));
    let row = |(place, floor): (usize, usize)| Row {
        name: programs[place].name.clone(),
        used: medians[place],
        ratio: medians[place].took / medians[floor].took,
        requests: requests[place],
        against: others[place],
    };
    floors.enumerate().map(|(place, floor)| row((place, floor))).collect()
}

/// What a command of another plugin takes, which need not succeed.
fn other(mut program: Program) -> Option<f64> {
    match program.try_run() {
        Ok(first) => Some(by_itself(&mut program, first, RUNS).took),
        Err(why) => {
            eprintln!("The other {why}");
            None
        }
    }
}

fn table(rows: &[Row], against: bool) -> Table {
    let mut head = vec!["command", "ms", "times its floor", "processor, ms", "largest process, MB", "requests"];
    if against {
        head.extend(["the other, ms", "times ours"]);
    }
    let mut table = Table::new(&head);
    for row in rows {
        let name = if row.name.starts_with('(') { row.name.clone() } else { format!("`{}`", row.name) };
        let requests = row.requests.map_or_else(|| "–".to_owned(), |requests| requests.to_string());
        let mut cells = vec![name, number(row.used.took), format!("{:.1}", row.ratio), number(row.used.processor)];
        cells.extend([number(row.used.memory), requests]);
        if against {
            let times = row.against.map(|other| other / row.used.took);
            cells.extend([number_or_none(row.against), number_or_none(times)]);
        }
        table.row(cells);
    }
    table
}

fn plot(grown: &[Vec<Row>]) -> String {
    let shown = (0..FLOORS.len() + COMMANDS.len()).filter(|place| *place != 1).map(|place| Series {
        name: grown[0][place].name.clone(),
        values: grown.iter().map(|rows| Some(rows[place].used.took)).collect(),
    });
    let others = (0..grown[0].len()).filter(|place| grown[0][*place].against.is_some()).map(|place| Series {
        name: format!("the other: {}", grown[0][place].name),
        values: grown.iter().map(|rows| rows[place].against).collect(),
    });
    let title = format!("Reports and listings, on hosts of 1 to {} apps of {} containers", SIZES[3], INSTANCES.len());
    let along = SIZES.map(|size| size as f64);
    plot::lines(&title, ["apps", "ms"], &along, &shown.chain(others).collect::<Vec<_>>(), true)
}
