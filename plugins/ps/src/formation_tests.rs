use super::*;

fn formation(text: &str) -> Formation {
    Formation::from_saved(&text.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
}

fn updated(saved: &str, procfile: Option<&str>, requests: &[&str]) -> (String, String) {
    let procfile: Option<Procfile> = procfile.map(|text| text.parse().unwrap());
    let requests = Request::parse_all(requests).unwrap();
    let update = formation(saved).update(procfile.as_ref(), &requests).unwrap();
    (update.scale.to_saved().join(" "), update.vanished.to_saved().join(" "))
}

const PROCFILE: Option<&str> = Some("web: x\nworker: y\n");

#[test]
fn saved_lines_are_read_as_a_hand_may_have_left_them() {
    let lines = ["web =4", "worker= 1 \r", "", " beat=0", "web=9", "old=-1"].map(str::to_owned);
    let saved = Formation::from_saved(&lines).unwrap().to_saved();
    assert_eq!(saved, ["beat=0", "old=0", "web=4", "worker=1"]);
}

#[test]
fn a_saved_count_that_is_too_large_can_still_be_told() {
    let lines = ["web=99999999999999999999", "", "old=-99999999999999999999"].map(str::to_owned);
    assert_eq!(Formation::from_saved(&lines).unwrap().to_saved(), ["old=0", "web=4294967295"]);
}

#[test]
fn a_saved_line_that_says_nothing_is_an_error() {
    let error = |line: &str| Formation::from_saved(&[line.to_owned()]).unwrap_err().to_string();
    assert_eq!(error("web"), "Missing count for process type web");
    assert_eq!(error("web=one"), "Invalid count for process type web");
    assert_eq!(error("web="), "Invalid count for process type web");
    assert_eq!(error("web=--1"), "Invalid count for process type web");
    assert!(error("../x=1").contains("is not a process type"));
}

#[test]
fn requests_are_types_and_whole_numbers_once_each() {
    let error = |arguments: &[&str]| Request::parse_all(arguments).unwrap_err().to_string();
    for bad in ["web=-1", "web=+2", "web=1.5", "web=", "web=99999999999999999999", "web=4294967296"] {
        assert_eq!(error(&[bad]), "Invalid count for process type web", "{bad}");
    }
    assert_eq!(error(&["web"]), "Missing count for process type web");
    assert_eq!(error(&["web=1", "web=2"]), "web is given more than once");
    assert_eq!(error(&["=1"]), "A process type must not be empty");
    assert_eq!(Request::parse_all(&["web= 2"]).unwrap()[0].quantity, 2);
    assert_eq!(error(&["web=01"]), "Invalid count for process type web");
    assert_eq!(error(&["web = 2"]), "\"web \" is not a process type: no blanks around it");
}

#[test]
fn a_change_is_a_quantity_or_some_more_or_fewer() {
    let resolved = |argument: &str| {
        let change = Change::parse_all(&[argument]).unwrap().remove(0);
        change
            .resolve(&formation("web=2 my-job=3"))
            .map(|request| format!("{}={}", request.process_type, request.quantity))
    };
    assert_eq!(resolved("web=5").unwrap(), "web=5");
    assert_eq!(resolved("web+1").unwrap(), "web=3");
    assert_eq!(resolved("my-job-2").unwrap(), "my-job=1");
    assert_eq!(resolved("new+2").unwrap(), "new=2");
    assert_eq!(resolved("web-3").unwrap_err().to_string(), "Invalid count for process type web: there are 2");
    assert!(resolved("web+4294967295").is_err());
    let error = |arguments: &[&str]| Change::parse_all(arguments).unwrap_err().to_string();
    assert_eq!(error(&["web+1", "web=2"]), "web is given more than once");
    assert_eq!(error(&["my-job"]), "Missing count for process type my-job");
    assert_eq!(error(&["web=+1"]), "Invalid count for process type web");
    assert_eq!(error(&["web+"]), "Missing count for process type web+");
    assert_eq!(error(&["web+01"]), "Invalid count for process type web");
    assert_eq!(error(&["web =2"]), "\"web \" is not a process type: no blanks around it");
    assert_eq!(Change::parse_all(&["web=0"]).unwrap().len(), 1);
}

#[test]
fn a_dokku_scale_is_a_request_a_line() {
    let small = |request: &Request| if request.quantity < 10 { Ok(()) } else { Err(Error::new("too many")) };
    let parse = |text: &str| Request::parse_file(text, small);
    let requests = parse("# all\r\nweb=2 # for the day\r\n\r\n # none\n worker = 1\t#one\r\n").unwrap();
    assert_eq!(requests.iter().map(|request| request.quantity).collect::<Vec<_>>(), [2, 1]);
    let error = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(error("web=1\n\nworker\n"), "line 3: Missing count for process type worker");
    assert_eq!(error("web=1\nweb=2\n"), "line 2: web is given more than once");
    assert_eq!(error("web=1#one\n"), "line 1: Invalid count for process type web");
    assert_eq!(error("web=1\nworker=10\n"), "line 2: too many");
}

#[test]
fn a_procfile_s_types_are_always_in_the_scale() {
    assert_eq!(updated("web=1", PROCFILE, &["web=2"]), ("web=2 worker=0".into(), String::new()));
    assert_eq!(updated("beat=2 gone=0", PROCFILE, &[]), ("beat=2 web=0 worker=0".into(), "gone=0".into()));
}

#[test]
fn without_a_procfile_types_at_zero_vanish() {
    assert_eq!(updated("web=1 worker=0", None, &["web=2"]), ("web=2".into(), "worker=0".into()));
    assert_eq!(updated("web=1", None, &["other=1"]), ("other=1 web=1".into(), String::new()));
}

#[test]
fn only_a_type_of_the_procfile_can_be_scaled_up() {
    let procfile: Procfile = "web: x\n".parse().unwrap();
    let update =
        |request: &str| formation("web=1 beat=2").update(Some(&procfile), &Request::parse_all(&[request]).unwrap());
    assert_eq!(update("beat=3").unwrap_err().to_string(), "beat is not a valid process name to scale up");
    assert_eq!(update("beat=0").unwrap().vanished.to_saved(), ["beat=0"]);
}
