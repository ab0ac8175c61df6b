// What is seen in one picture, in a worker of its own, so that the page goes on.
onmessage = ({ data: [pixels, rows, columns] }) => {
  const answer = {};
  try {
    answer.seen = pictures.written(pixels, rows, columns);
    if (!pictures.several(answer.seen)) pictures.patternOf(answer.seen);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer.refused = error.message;
  }
  postMessage(answer);
};
