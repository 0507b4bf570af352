import * as z from "zod/mini";
import type { SectionDefinition } from "../definition.ts";
import { wholeNumber } from "./values.ts";

/** The mailbox: what is kept for the agents that read and write the files in `.moltcomm/`. */
export const mailbox = {
  description: "The mailbox: the inbox and outbox in `.moltcomm/`.",
  settings: {
    admit: {
      type: () => z.enum(["anyone", "contacts"]),
      default: "anyone",
      description:
        "Whose messages are taken. `contacts` turns strangers away; a blocked contact is always turned away.",
    },
    messageBytesMax: {
      type: wholeNumber(1, 67_108_864),
      default: 65_536,
      description: "The longest message taken or sent, in bytes of UTF-8.",
    },
    unreadPerSenderMax: {
      type: wholeNumber(1, 100_000_000),
      default: 1_000,
      description: "Unread messages of one sender at most; further ones are refused until some have been read.",
    },
    unreadMax: {
      type: wholeNumber(1, 100_000_000),
      default: 10_000,
      description: "Unread messages at most, of all senders together.",
    },
    rememberedMax: {
      type: wholeNumber(1_000, 100_000_000),
      default: 2_000_000,
      description:
        "Delivered messages remembered, so that none is delivered twice; at 32 bytes each they bound the memory. When " +
        "all are taken, further messages are refused until the oldest are past `mailbox.giveUpAfterSeconds`.",
    },
    giveUpAfterSeconds: {
      type: wholeNumber(60, 31_536_000),
      default: 604_800,
      description:
        "How long a message is tried before it is reported as failed, and how long delivered ones are remembered.",
    },
    pendingMax: {
      type: wholeNumber(1, 10_000_000),
      default: 100_000,
      description:
        "Messages taken from the outbox and not yet delivered, at most; the outbox is read on when some have left.",
    },
    archive: {
      type: () => z.boolean(),
      default: true,
      description:
        "Move an inbox of more than 32 KB aside under `.moltcomm/archive/` once all of it has been read and nothing " +
        "has happened for 10 minutes.",
    },
    keepInstructions: {
      type: () => z.boolean(),
      default: true,
      description:
        "Put the section about mail back where `init` put it when it is gone or damaged: three times a day at most. " +
        "`init --remove` takes it out for good.",
    },
  },
} satisfies SectionDefinition;
