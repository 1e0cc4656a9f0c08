/** Console output that obeys `setLoggerLevel`, and the calling of application code. */

import { LoggerLevel, type Level } from "../core/enums.js";

const ORDER: Record<Level, number> = { NONE: 0, ERROR: 1, WARNING: 2, INFO: 3 };
let level: number = ORDER.ERROR;

/** Sets what is written from here on; an unknown level changes nothing. */
export function setLevel(wanted: Level): void {
  level = ORDER[wanted] ?? level;
}

/** Something failed that a person would look into. */
export function logError(message: string, cause?: unknown): void {
  if (level >= ORDER[LoggerLevel.ERROR]) console.error(`[SendBirdCall] ${message}`, cause ?? "");
}

/** Something is odd. */
export function logWarning(message: string): void {
  if (level >= ORDER[LoggerLevel.WARNING]) console.warn(`[SendBirdCall] ${message}`);
}

/** Something changed. */
export function logInfo(message: string): void {
  if (level >= ORDER[LoggerLevel.INFO]) console.info(`[SendBirdCall] ${message}`);
}

/** Runs a function of the application: what it throws is its own affair and is only reported. */
export function contain(what: string, run: () => unknown): void {
  try {
    run();
  } catch (cause) {
    logError(`${what} of the application threw`, cause);
  }
}

/**
 * Runs something after the current task and its microtasks: applications set their handlers
 * after `dial()` or `await dial()` has returned, so no event may come before that.
 */
export function later(run: () => void): void {
  setTimeout(run, 0);
}
