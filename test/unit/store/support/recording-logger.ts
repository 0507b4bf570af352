import type { LogFields, Logger } from "../../../../src/log/mod.ts";

/** One event as it was logged. */
export interface RecordedEvent {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps its events for a test to look at. */
export class RecordingLogger implements Logger {
  readonly events: RecordedEvent[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.events.push({ level: "debug", event, fields });
  }
  info(event: string, fields: LogFields = {}): void {
    this.events.push({ level: "info", event, fields });
  }
  warn(event: string, fields: LogFields = {}): void {
    this.events.push({ level: "warn", event, fields });
  }
  error(event: string, fields: LogFields = {}): void {
    this.events.push({ level: "error", event, fields });
  }
  child(): Logger {
    return this;
  }
  problem(_key: string, level: "warn" | "error", event: string, fields: LogFields = {}): void {
    this.events.push({ level, event, fields });
  }
  resolve(_key: string, event: string, fields: LogFields = {}): void {
    this.events.push({ level: "info", event, fields });
  }
}
