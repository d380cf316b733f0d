/** The screen `start`. */
export const start = {
  title: 'Your number, with your own keys',
};
