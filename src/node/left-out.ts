/**
 * What stands in an entry's answer where the rest of it takes too much room. All nodes write the same, so
 * another text would be another answer.
 */
export const REST_LEFT_OUT = 'the answers from this statement on take more room than can be kept';
