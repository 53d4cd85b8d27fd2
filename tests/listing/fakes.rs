//! A Docker that is a script, and apps that run on it.

use std::fs;

use ps_tests::{Host, Outcome, host};

/// Notes each call and answers from `docker/ls`, `docker/inspect`, `docker/stats` and `docker/top.ID`. Who is sent a
/// signal is noted in `docker/signals`.
pub(crate) const DOCKER: &str = r#"
cd "$CONFORMANCE_ROOT/docker" || exit 9
echo "$1 $2" >>calls
case "$1 $2" in
  "container ls")
    # Whoever wants no more gets the ids and states alone.
    case "$*" in *com.dokku.dyno*) cat ls ;; *) cut -f 1,3 ls ;; esac
    ;;
  "container inspect")
    [ "$5" = -- ] || exit 9
    shift 5
    status=0
    for id; do
      grep "^$id" inspect || { echo "Error response from daemon: No such container: $id" >&2; status=1; }
    done
    exit $status
    ;;
  "container top")
    [ "$3" = -- ] || exit 9
    [ -f "top.$4" ] || { echo "Error response from daemon: Container $4 is not running" >&2; exit 1; }
    cat "top.$4"
    ;;
  "container kill")
    [ "$3 $5" = "--signal --" ] || exit 9
    shift 3
    echo "$*" >>signals
    ;;
  "container stats")
    [ "$3 $4 $7" = "--no-stream --no-trunc --" ] || exit 9
    shift 7
    for id; do
      # Docker says nothing of the others when one has gone.
      grep -q "^$id" ls || { echo "Error response from daemon: No such container: $id" >&2; exit 1; }
    done
    # Nobody is everybody.
    [ $# -gt 0 ] || cat stats
    for id; do grep "^$id" stats || true; done
    ;;
  "image inspect")
    [ ! -f image ] || . ./image
    ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
"#;

/// A container of the script's.
#[derive(Clone)]
pub(crate) struct Fake {
    number: usize,
    name: String,
    app: String,
    dyno: String,
    kind: &'static str,
    /// State, start, end, restarts, exit code, out of memory, health.
    state: [&'static str; 7],
    address: String,
    /// As it stands in JSON.
    made_from: String,
    /// Bytes of memory and billionths of a processor.
    limits: [u64; 2],
}

pub(crate) const STARTED: &str = "2024-11-22T20:17:00.123456789Z";
pub(crate) const ENDED: &str = "2024-11-22T20:18:00.5Z";
const NEVER: &str = "0001-01-01T00:00:00Z";
const RUNNING: [&str; 7] = ["running", STARTED, NEVER, "2", "0", "false", ""];
pub(crate) const KILLED: [&str; 7] = ["exited", STARTED, ENDED, "0", "137", "true", ""];
pub(crate) const PAUSED: [&str; 7] = ["paused", STARTED, NEVER, "0", "0", "false", ""];

/// The app's container of an instance: `fake(1, "shop", "web.1")`.
pub(crate) fn fake(number: usize, app: &str, dyno: &str) -> Fake {
    let (name, app, dyno) = (format!("{app}.{dyno}"), app.to_owned(), dyno.to_owned());
    Fake {
        number,
        name,
        app,
        dyno,
        kind: "deploy",
        state: RUNNING,
        address: format!("172.17.0.{number}"),
        made_from: String::new(),
        limits: [0, 0],
    }
}

impl Fake {
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(crate) fn state(mut self, state: [&'static str; 7]) -> Self {
        self.state = state;
        self
    }

    pub(crate) fn address(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    pub(crate) fn made_from(mut self, label: &str) -> Self {
        label.clone_into(&mut self.made_from);
        self
    }

    pub(crate) fn limits(mut self, memory: u64, processor: u64) -> Self {
        self.limits = [memory, processor];
        self
    }

    pub(crate) fn health(mut self, health: &'static str) -> Self {
        self.state[6] = health;
        self
    }

    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn id(&self) -> String {
        id(self.number)
    }

    fn listed(&self) -> String {
        let process_type = self.dyno.split('.').next().unwrap_or_default();
        let labels = [&self.app, self.kind, process_type, &self.dyno].map(|label| format!("\"{label}\"")).join("\t");
        format!("{}\t{}\t{}\t{labels}\n", self.id(), self.name, self.state[0])
    }

    pub(crate) fn inspected(&self) -> String {
        let labels = format!("{{\"com.dokku.ps.made-from\":\"{}\",\"dokku\":\"\"}}", self.made_from);
        let (state, address) = (self.state.join("\t"), &self.address);
        let [memory, processor] = self.limits;
        format!("{}\t{state}\t\t\tnull\tnull\t{address} 10.9.8.7 \t{labels}\t{memory}\t{processor}\n", self.id())
    }
}

pub(crate) fn id(number: usize) -> String {
    format!("{number:064x}")
}

pub(crate) trait WithDocker {
    /// Docker has these containers.
    fn containers(self, containers: &[Fake]) -> Self;
    /// What Docker does when it is asked for an image, in shell.
    fn image(self, script: &str) -> Self;
    /// What `docker top` prints of a container, below its titles.
    fn processes(self, number: usize, lines: &str) -> Self;
    /// The calls of Docker so far.
    fn calls(&self) -> Vec<String>;
    /// Runs `dokku ps …`.
    fn ps(&self, args: &[&str]) -> Outcome;
}

impl WithDocker for Host {
    fn containers(self, containers: &[Fake]) -> Self {
        let all = |line: fn(&Fake) -> String| containers.iter().map(line).collect::<String>();
        self.docker(DOCKER).file("docker/ls", all(Fake::listed)).file("docker/inspect", all(Fake::inspected))
    }

    fn image(self, script: &str) -> Self {
        self.file("docker/image", script)
    }

    fn processes(self, number: usize, lines: &str) -> Self {
        let text = format!("PID                 USER   ELAPSED    %CPU   COMMAND\n{lines}");
        self.file(&format!("docker/top.{}", id(number)), text)
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.sandbox().path("docker/calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn ps(&self, args: &[&str]) -> Outcome {
        let words = std::iter::once(&"ps").chain(args).map(|word| (*word).to_owned());
        self.run("subcommands/default", words).fires_nothing().changes_no_file()
    }
}

/// A deployed app on docker-local.
pub(crate) fn shop(scale: &str) -> Host {
    host().app("shop").scale(scale).procfile("web: x\nworker: y\n").docker_local()
}

/// Two web and one worker, all running.
pub(crate) fn running_shop() -> Host {
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.2"), fake(3, "shop", "worker.1")];
    shop("web=2 worker=1")
        .container("web.1", &format!("{}\n", id(1)))
        .container("web.2", &id(2))
        .container("worker.1", &id(3))
        .containers(&containers)
        .processes(1, "4711      root    192    12.3    /demo web\n4712    www-data   5  0.0   sh -c  x\n")
        .processes(2, "4713      root    192    0.0    /demo web\n")
        .processes(3, "")
}

/// The instances and their states, from the quiet form: `web.1 running`.
pub(crate) fn states(host: &Host) -> Vec<String> {
    let lines = host.ps(&["shop", "--quiet"]).into_stdout();
    lines.lines().map(|line| line.split('\t').skip(1).take(2).collect::<Vec<_>>().join(" ")).collect()
}
