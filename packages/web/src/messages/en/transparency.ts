/** The screen `transparency`. */
export const transparency = {
  title: 'Who runs this',
};
