//! Thousands of seeded runs hold every promise that needs no browser; a failure names the seed
//! that replays it.

const RUNS_EACH: u64 = 500;

fn hold(from: u64) {
    let mut calls = 0;
    for seed in from..from + RUNS_EACH {
        let outcome = curlew_sim::run::run(seed);
        calls += outcome.calls;
        assert!(
            outcome.wrong.is_empty(),
            "replay with: cargo xtask sim --runs 1 --seed {seed} --trace\n{}",
            outcome.wrong.join("\n")
        );
    }
    assert!(calls > 10_000, "only {calls} calls were dialled: the people sleep");
}

#[test]
fn seeds_from_0() {
    hold(0);
}

#[test]
fn seeds_from_10_000() {
    hold(10_000);
}

#[test]
fn seeds_from_20_000() {
    hold(20_000);
}

#[test]
fn seeds_from_30_000() {
    hold(30_000);
}

#[test]
fn a_seed_always_gives_the_same_run() {
    for seed in 0..20 {
        let (one, two) = (curlew_sim::run::run(seed), curlew_sim::run::run(seed));
        assert_eq!(one, two, "seed {seed}");
    }
}
