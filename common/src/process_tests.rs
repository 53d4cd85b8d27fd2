use super::*;

#[test]
fn an_answer_holds_status_and_streams() {
    let answer = Process::new("sh").args(["-c", "cat; echo oops >&2; exit 3"]).input("in").capture().unwrap();
    assert!(!answer.succeeded());
    assert_eq!(answer.status_text(), "exit status 3");
    assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice()), (&b"in"[..], &b"oops\n"[..]));
}

#[test]
fn a_program_that_hangs_is_ended_at_its_deadline() {
    let error = Process::new("sleep").args(["60"]).deadline(Duration::from_millis(50)).capture().unwrap_err();
    assert!(error.message().starts_with("sleep did not answer within") && error.command() == "sleep 60", "{error:?}");
}

#[test]
fn a_program_that_prints_without_end_is_ended() {
    let error = Process::new("sh").args(["-c", "exec cat /dev/zero"]).capture().unwrap_err();
    assert!(error.message().contains("printed too much: more than 64 MiB"), "{error}");
}

#[test]
fn what_a_child_leaves_in_the_background_is_not_waited_for() {
    let began = Instant::now();
    let answer = Process::new("sh").args(["-c", "sleep 6041 & echo done; echo odd >&2"]).capture().unwrap();
    assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice()), (&b"done\n"[..], &b"odd\n"[..]));
    assert!(began.elapsed() < Duration::from_mins(5));
    Process::new("pkill").args(["-f", "^sleep 6041$"]).capture().unwrap();
}

#[test]
fn a_missing_program_is_named() {
    let error = Process::new("/nonexistent/docker").args(["ps"]).capture().unwrap_err();
    assert!(error.message().starts_with("/nonexistent/docker could not be run: "), "{error}");
}

#[test]
fn a_command_is_shown_as_one_could_type_it() {
    assert_eq!(Process::new("docker").args(["a b", "it's", ""]).command(), "docker 'a b' 'it'\\''s' ''");
}

#[test]
fn variables_reach_the_child() {
    let answer = Process::new("sh").args(["-c", "printf %s \"$X\""]).var("X", "1").capture().unwrap();
    assert_eq!(answer.stdout, b"1");
}
