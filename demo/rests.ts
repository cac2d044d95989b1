/** How many times as long users of the demo rest between two requests; a test, which shares its machine, asks for more. */
export const rests = Number(process.env.QUARTERTURN_DEMO_RESTS ?? 1);
