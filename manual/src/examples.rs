//! What one types, and what it does. A test holds each of them against the definition of its command.

/// The examples of a command.
pub(crate) fn of(command: &str) -> &'static [(&'static str, &'static str)] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

type Examples = (&'static str, &'static [(&'static str, &'static str)]);

const EXAMPLES: &[Examples] = &[
    (
        "ps",
        &[
            ("dokku ps shop", "What runs of the app shop, and whether it is what should run."),
            ("dokku ps --all --format json", "The same of all apps, for a program."),
            ("dokku ps shop --exit-code", "The status is 3 unless all that should run does, and nothing else."),
        ],
    ),
    ("ps:inspect", &[("dokku ps:inspect shop", "What Docker knows of its containers, without secrets.")]),
    (
        "ps:rebuild",
        &[
            ("dokku ps:rebuild shop", "Build the source again and deploy it."),
            ("dokku ps:rebuild --all --parallel 2", "All apps, two at once."),
        ],
    ),
    ("ps:rebuildall", &[("dokku ps:rebuildall", "Build all apps again, one after the other.")]),
    (
        "ps:reconcile",
        &[
            ("dokku ps:reconcile shop --dry-run", "Say what is missing or too many."),
            ("dokku ps:reconcile --all --unhealthy", "Mend all apps, and replace what Docker calls unhealthy."),
            (
                "dokku ps:reconcile shop web --only address",
                "Tell the proxy where the web instances are, and nothing else.",
            ),
        ],
    ),
    (
        "ps:report",
        &[
            ("dokku ps:report shop", "All that is set, and what runs."),
            ("dokku ps:report shop --format json", "The same as one JSON object."),
            ("dokku ps:report --global", "What holds for apps that have no value of their own."),
        ],
    ),
    (
        "ps:restart",
        &[
            ("dokku ps:restart shop", "Deploy the running release again."),
            ("dokku ps:restart shop worker web.1", "One process type, and one instance of another."),
            ("dokku ps:restart shop --rolling", "One instance after the other, the next once the last serves."),
            ("dokku ps:restart --all --parallel -1", "All apps, as many at once as there are processors."),
        ],
    ),
    ("ps:restart-policy", &[("dokku ps:restart-policy shop", "The policy that holds for the app.")]),
    ("ps:restartall", &[("dokku ps:restartall --parallel 2", "Restart all apps, two at once.")]),
    (
        "ps:restore",
        &[
            ("dokku ps:restore", "Start all apps that should run, as the host does when it boots."),
            ("dokku ps:restore shop", "One app."),
        ],
    ),
    ("ps:retire", &[("dokku ps:retire", "Remove what has done its time. A timer of the host does this.")]),
    (
        "ps:scale",
        &[
            ("dokku ps:scale shop", "How many instances of each process type there should be."),
            ("dokku ps:scale shop web=2 worker+1", "Two of web, and one worker more than now."),
            ("dokku ps:scale shop web=0 --dry-run", "Say what would be started and stopped."),
            ("dokku ps:scale shop --current web=2 web=3", "From two to three, and only from two."),
        ],
    ),
    (
        "ps:set",
        &[
            ("dokku ps:set shop restart-policy on-failure:20", "Set a property of an app."),
            ("dokku ps:set --global stop-timeout-seconds 60", "For all apps that have no value of their own."),
            ("dokku ps:set shop restart-policy", "Clear it."),
        ],
    ),
    ("ps:set-restart-policy", &[("dokku ps:set-restart-policy shop always", "Set the policy of an app.")]),
    (
        "ps:signal",
        &[
            ("dokku ps:signal shop web HUP", "Send SIGHUP to all instances of web."),
            ("dokku ps:signal shop worker.2 TERM", "SIGTERM to one instance."),
        ],
    ),
    (
        "ps:start",
        &[
            ("dokku ps:start shop", "Run the app now and after the next boot."),
            ("dokku ps:start shop worker", "One process type that was stopped."),
        ],
    ),
    ("ps:startall", &[("dokku ps:startall", "Start all apps, one after the other.")]),
    (
        "ps:stats",
        &[
            ("dokku ps:stats shop", "What each instance uses of processor and memory."),
            ("dokku ps:stats --all --watch", "The same of all apps, again and again."),
        ],
    ),
    (
        "ps:stop",
        &[
            ("dokku ps:stop shop", "End all of the app that runs; it stays so until it is started or deployed."),
            ("dokku ps:stop shop worker", "One process type; it stays stopped over a boot."),
        ],
    ),
    ("ps:stopall", &[("dokku ps:stopall", "Stop all apps, one after the other.")]),
    (
        "ps:wait",
        &[
            ("dokku ps:wait shop", "Wait until all that should run does, and is healthy."),
            ("dokku ps:wait shop --type web --timeout 10", "Of web alone, for ten seconds at most."),
        ],
    ),
    (
        "ps:watch",
        &[
            ("dokku ps:watch --status", "What was healed last, and what was given up."),
            ("dokku ps:watch --every 60", "Heal all apps until it is ended; install.sh makes a service of it."),
        ],
    ),
];
