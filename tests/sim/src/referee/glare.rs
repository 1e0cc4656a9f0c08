//! Rule 4: of two crossing dials one answers the other.

use curlew_base::DeviceId;

use crate::history::machine;
use crate::world::World;

/// No call was added while one rang the other way, unless the device that dialled had declined
/// that one for itself, or the application wants two calls.
pub fn one_call(world: &World) -> Vec<String> {
    if !world.terms.glare_answers {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for crossing in world.history.crossings() {
        let added = machine(&crossing.added);
        let by: &DeviceId = &added.terms().caller_device;
        if !machine(&crossing.rang).declined_by(by) {
            let (added, rang) = (&crossing.added.call_id, &crossing.rang.call_id);
            wrong.push(format!("rule 4: {added} was added while {rang} rang the other way"));
        }
    }
    wrong
}
