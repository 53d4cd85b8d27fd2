//! Quantities: negative, relative-looking, huge, missing, given twice.

use crate::{headline, shop};

const INVALID: &str = " !     Invalid count for process type web\n";

fn refused(quantities: &[&str], message: &str) {
    let words: Vec<&str> = ["shop"].into_iter().chain(quantities.iter().copied()).collect();
    shop().command("scale", words).refuses("").stderr(message).stdout_at_most(&headline(&quantities.join(" ")));
    let words: Vec<&str> = ["shop", "false", "false"].into_iter().chain(quantities.iter().copied()).collect();
    shop().run("ps-set-scale", words).refuses("").stderr(message).stdout_at_most(&headline(&quantities.join(" ")));
}

#[test]
fn a_negative_count() {
    refused(&["web=-1"], INVALID);
}

#[test]
fn a_count_with_a_plus() {
    refused(&["web=+2"], INVALID);
}

#[test]
fn a_huge_count() {
    refused(&["web=99999999999999999999"], INVALID);
}

#[test]
fn a_count_that_is_no_number() {
    refused(&["web=one"], INVALID);
    refused(&["web=0x1"], INVALID);
    refused(&["web=1=2"], INVALID);
}

#[test]
fn an_empty_count() {
    refused(&["web="], INVALID);
}

#[test]
fn a_missing_count() {
    refused(&["web"], " !     Missing count for process type web\n");
}

#[test]
fn a_type_that_is_given_twice() {
    refused(&["web=1", "web=2"], " !     web is given more than once\n");
}

#[test]
fn a_type_that_is_given_twice_with_the_same_count() {
    refused(&["web=2", "web=2"], " !     web is given more than once\n");
}

#[test]
fn one_bad_count_stops_the_whole_scale() {
    refused(&["worker=3", "web=x"], INVALID);
}
