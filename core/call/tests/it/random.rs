//! Random lives of a call: whatever comes in, the promises hold.

use curlew_base::{EndResult, Instant, Millis};
use curlew_call::{
    Busy, Call, Effect, Input, ItemsChange, MediaSettings, News, Party, Path, ViewState,
};
use proptest::prelude::*;

use crate::story::{Story, answer, party};

fn anyone() -> impl Strategy<Value = Party> {
    prop::sample::select(vec!["a1", "a2", "b1", "b2", "b3"]).prop_map(party)
}

fn input() -> impl Strategy<Value = Input> {
    let settings = any::<(bool, bool, bool, u32)>().prop_map(
        |(audio_enabled, video_enabled, on_hold, revision)| MediaSettings {
            audio_enabled,
            video_enabled,
            on_hold,
            revision,
        },
    );
    let items = prop_oneof![
        prop::collection::btree_map("[a-f]", "[a-f]", 0..11).prop_map(ItemsChange::Update),
        prop::collection::btree_set("[a-f]", 0..3).prop_map(ItemsChange::Delete),
        Just(ItemsChange::DeleteAll),
    ];
    let lost = prop::option::of((1_000_000u64..1_400_000).prop_map(Instant::from_unix_ms));
    let path = prop::sample::select(vec![Path::Up, Path::Up, Path::Down, Path::Failed]);
    let busy = prop::sample::select(vec![Busy::Free, Busy::InAnotherCall, Busy::InAnotherCall]);
    prop_oneof![
        anyone().prop_map(Input::Arrived),
        (anyone(), 1_000_000u64..1_400_000)
            .prop_map(|(p, at)| Input::Lost(p, Instant::from_unix_ms(at))),
        anyone().prop_map(Input::Left),
        prop::collection::btree_map(anyone(), lost, 0..4).prop_map(Input::Presence),
        anyone().prop_map(Input::Rung),
        anyone().prop_map(|p| Input::Accept(p, answer())),
        anyone().prop_map(Input::PeerEnded),
        (anyone(), items).prop_map(|(p, i)| Input::Items(p, i)),
        (anyone(), busy).prop_map(|(p, b)| Input::End(p, b)),
        (anyone(), path).prop_map(|(p, x)| Input::Media(p, x)),
        (anyone(), settings).prop_map(|(p, s)| Input::Settings(p, s)),
        Just(Input::Tick),
    ]
}

fn winners(call: &Call) -> usize {
    let sees = |name: &str| call.view(&party(name)).map(|view| view.state);
    ["b1", "b2", "b3"]
        .into_iter()
        .filter(|name| matches!(sees(name), Some(ViewState::Established | ViewState::Connected)))
        .count()
}

proptest! {
    #[test]
    fn the_promises_hold(steps in prop::collection::vec((input(), 0u64..20_000), 0..40)) {
        let mut call = Story::dial("b1 b2").call;
        let mut now = Instant::from_unix_ms(1_000_000);
        let mut ends = 0;
        let mut first_end: Option<EndResult> = None;
        for (input, pause) in steps {
            now = now + Millis(pause);
            call.handle(now, input);
            while let Some(effect) = call.poll() {
                ends += usize::from(effect == Effect::Tell(News::Ended));
            }
            // P1: never two winners. P2: one end, and it never changes.
            prop_assert!(winners(&call) <= 1);
            prop_assert!(ends <= 1);
            let end = call.ended().map(|e| e.result);
            prop_assert!(first_end.is_none() || first_end == end);
            first_end = end;
            // P4: what is written is what is read.
            let text = serde_json::to_string(&call).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Call>(&text).unwrap(), &call);
        }
        // P3: when all are lost for good, the call is over after the grace.
        call.handle(now, Input::Presence([].into()));
        while call.poll().is_some() {}
        call.handle(now + Millis::from_secs(30), Input::Tick);
        prop_assert!(call.ended().is_some());
    }
}
