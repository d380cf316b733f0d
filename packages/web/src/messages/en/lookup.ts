/** The screen `lookup`. */
export const lookup = {
  title: 'Look up a number',
};
