/** A program without a line: what a binary weighs before anything of ours is in it. */
export {};
