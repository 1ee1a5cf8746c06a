/** The BroadcastChannel on which the tabs of a benchmark ask for each other. */
export const ROLL_CALL = 'resqlite:benchmark';
