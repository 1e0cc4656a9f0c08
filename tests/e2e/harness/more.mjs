/** What tests of calls need beside the events that every page records. */

/** Records the rarer events of a call too, under `side.name`, with what their handlers are told. */
export function watchMore(device, side) {
  return device.page.evaluate((side) => {
    const call = e2e[side];
    call.onUserHoldStatusChanged = (given, isLocal, isOn) => {
      const more = { isOn, isOnHold: given.isOnHold };
      e2e.note(`${side}.Hold.${isLocal ? "local" : "remote"}`, given, more);
    };
    for (const name of ["Updated", "Deleted"]) {
      call[`onCustomItems${name}`] = (given, keys) => {
        e2e.note(`${side}.Items${name}`, given, { keys, items: given.customItems });
      };
    }
    call.onReachChanged = (given) => {
      e2e.note(`${side}.Reach`, given, { reach: given.reach, devices: given.ringingDevices });
    };
  }, side);
}

/** Asks a call of a side for a promise: its result, or the code it failed with. */
export function ask(device, side, method, ...args) {
  return device.page.evaluate(async ([side, method, args]) => {
    try {
      return { result: await e2e[side][method](...args) };
    } catch (error) {
      return { code: error.code, message: error.message };
    }
  }, [side, method, args]);
}

/** The same of the package itself. */
export function askSdk(device, method, ...args) {
  return device.page.evaluate(async ([method, args]) => {
    try {
      return { result: await SendBirdCall[method](...args) };
    } catch (error) {
      return { code: error.code, message: error.message };
    }
  }, [method, args]);
}

/** The kinds that a page captures at this moment. */
export function captured(device) {
  return device.page.evaluate(() => (
    e2e.tracks.filter((track) => track.readyState === "live").map((track) => track.kind)));
}

/** The names of what happened in a page, in order. */
export function happened(device) {
  return device.page.evaluate(() => e2e.events.map((event) => event.name));
}
