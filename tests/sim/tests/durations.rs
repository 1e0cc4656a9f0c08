//! F49 and F50 on the simulated world: what a call's duration counts.

use curlew_base::EndResult::{Canceled, Completed, Declined, NoAnswer, TimedOut};
use curlew_sim::people::Deed;
use curlew_sim::stage::Stage;
use curlew_wire::call::MediaPath;
use std::time::Duration;
/// 10 s of ringing and 5 s of talk last 5 s, for both sides and the log.
#[tokio::test(start_paused = true)]
async fn f49_a_duration_counts_from_the_accept() {
    let stage = Stage::new(1).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let call = stage.dial(&a, "b", 60).await;
    stage.wait(10_000).await;
    stage.order(&b, Deed::Accept(call.clone()));
    stage.wait(5_000).await;
    stage.act(&a, Deed::End(call.clone())).await;
    let (result, ms) = stage.ended(&a, &call).expect("it is over");
    assert_eq!(result, Completed);
    assert!(ms.abs_diff(5_000) <= 300, "{ms}");
    assert_eq!(stage.ended(&b, &call), Some((result, ms)));
    let row = stage.row(&call).await;
    assert_eq!(u64::try_from(row.duration_ms), Ok(ms));
    assert_eq!(
        row.ended_at_ms,
        stage.view(&b, &call).and_then(|v| i64::try_from(v.ended?.at).ok())
    );
    stage.close().await;
}

/// Calls that nobody answered last nothing; one that never got media lasts from accept to end.
#[tokio::test(start_paused = true)]
async fn f50_calls_never_answered_last_nothing() {
    let stage = Stage::new(1).await;
    let (a, b) = (stage.device("a").await, stage.device("b").await);
    let cancelled = stage.dial(&a, "b", 60).await;
    stage.wait(3_000).await;
    stage.act(&a, Deed::End(cancelled.clone())).await;
    let declined = stage.dial(&a, "b", 60).await;
    stage.wait(3_000).await;
    stage.act(&b, Deed::End(declined.clone())).await;
    let missed = stage.dial(&a, "b", 3).await;
    stage.wait(4_000).await;
    for (call, result) in [(&cancelled, Canceled), (&declined, Declined), (&missed, NoAnswer)] {
        for device in [&a, &b] {
            assert_eq!(stage.ended(device, call), Some((result, 0)));
        }
        assert_eq!(stage.row(call).await.duration_ms, 0);
    }
    let silent = stage.dial(&a, "b", 60).await;
    stage.order(&b, Deed::Accept(silent.clone()));
    stage.order(
        &b,
        Deed::In(Duration::from_millis(90), Box::new(Deed::Media(silent.clone(), MediaPath::Down))),
    );
    stage.act(&a, Deed::Sleep(Duration::from_secs(21))).await;
    stage.wait(24_000).await;
    assert_eq!(stage.row(&silent).await.end_result.as_deref(), Some(TimedOut.as_str()));
    assert_eq!(stage.row(&silent).await.duration_ms, 20_000);
    stage.close().await;
}
