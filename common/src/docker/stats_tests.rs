use super::super::tests::{ID, fake, fake_within};
use super::*;

const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn line(fields: &str) -> String {
    format!("{ID}\t{}", fields.replace(" | ", "\t"))
}

/// What Docker 28 has printed of one that runs below a limit.
const RUNS: &str = "12.34% | 1.215MiB / 512MiB | 0.24% | 1.05kB / 126B | 0B / 4.1kB | 3";

#[test]
fn a_line_says_what_a_container_uses() {
    let wanted = ContainerStats {
        cpu: 1234,
        memory: 1_274_019,
        memory_share: 24,
        received: 1050,
        sent: 126,
        read: 0,
        written: 4100,
        tasks: 3,
    };
    assert_eq!(container(&line(RUNS)), Some((ID, Some(wanted))));
}

#[test]
fn one_that_has_ended_or_could_not_be_measured_uses_nothing() {
    for fields in ["0.00% | 0B / 0B | 0.00% | 0B / 0B | 0B / 0B | 0", "-- | -- / -- | -- | -- | -- | --"] {
        assert_eq!(container(&line(fields)), Some((ID, None)), "{fields}");
    }
    // Docker does not even say its id then.
    assert_eq!(container("\t--\t-- / --\t--\t--\t--\t--"), Some(("", None)));
}

#[test]
fn a_size_has_a_unit() {
    for (text, bytes) in [
        ("0B", 0),
        ("999B", 999),
        ("1.5kB", 1500),
        ("1e+03kB", 1_000_000),
        ("1.02MB", 1_020_000),
        ("1.5KiB", 1536),
        ("7.638GiB", 8_201_240_051),
        ("3TB", 3_000_000_000_000),
        ("15EiB", 15 << 60),
    ] {
        assert_eq!(size(text), Some(bytes), "{text}");
    }
    for bad in ["", "B", "1", "-1B", "1.B.B", "NaNB", "infB", "1e+99kB", "1e-3kB", "1 kB", "16EiB", "+1B", "1mB"] {
        assert_eq!(size(bad), None, "{bad}");
    }
}

#[test]
fn rubbish_is_no_use_of_a_container() {
    for bad in [
        "",
        "12.34%",
        "12.34 | 1B / 1B | 0% | 0B / 0B | 0B / 0B | 1",
        "NaN% | 1B / 1B | 0% | 0B / 0B | 0B / 0B | 1",
        "1% | 1B | 0% | 0B / 0B | 0B / 0B | 1",
        "1% | 1B / 1B | 0% | 0B / 0B | 0B / 0B | many",
        "99999999999% | 1B / 1B | 0% | 0B / 0B | 0B / 0B | 1",
        &format!("{RUNS} | 1"),
    ] {
        assert_eq!(container(&line(bad)), None, "{bad}");
    }
    assert_eq!(container(&RUNS.replace(" | ", "\t")), None);
    let (_folder, env) = fake("echo hello");
    let error = Docker::new(&env).unwrap().stats(&[ID]).unwrap_err();
    assert!(error.message().ends_with("answered with what is no use of a container: \"hello\""), "{error}");
}

#[test]
fn the_trouble_of_one_keeps_nobody_from_being_measured() {
    let stranger = line(RUNS).replace(ID, &"b".repeat(64));
    for trouble in ["Error response from daemon: No such container: aaaa", "timeout waiting for stats"] {
        // Fails when it is asked for containers, like Docker; of all that run it tells.
        let all = format!("printf '%s\\n' '{}' '{stranger}' '\t--\t-- / --\t--\t--\t--\t--'", line(RUNS));
        let (_folder, env) = fake(&format!("[ $# -eq 7 ] || {{ echo '{trouble}' >&2; exit 1; }}; {all}"));
        let stats = Docker::new(&env).unwrap().stats(&[OTHER, ID]).unwrap();
        assert_eq!(stats.keys().collect::<Vec<_>>(), [ID], "{trouble}");
    }
}

#[test]
fn nothing_is_asked_about_nobody_and_a_failure_is_docker_s() {
    let (_folder, env) = fake("echo 'Cannot connect' >&2; exit 1");
    let docker = Docker::new(&env).unwrap();
    assert!(docker.stats(&[]).unwrap().is_empty());
    let error = docker.stats(&[ID]).unwrap_err();
    assert_eq!(error.message(), "Docker: Cannot connect");
    assert!(error.command().ends_with("container stats --no-stream: exit status 1"), "{error:?}");
    for words in
        ["echo 'No such container: nobody' >&2; exit 1", "echo 'No such container' >&2; echo x >&2; exit 1", "exit 1"]
    {
        let (_folder, env) = fake(words);
        assert!(Docker::new(&env).unwrap().stats(&[ID]).is_err(), "{words}");
    }
    let (_folder, env) = fake_within("1", "exec sleep 60");
    let error = Docker::new(&env).unwrap().stats(&[ID]).unwrap_err();
    assert!(error.message().contains("did not answer within 1 seconds"), "{error}");
}
