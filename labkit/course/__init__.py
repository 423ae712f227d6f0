"""The machine that runs lessons: questions, exercises, slides, progress. No lesson and no Jupyter in it."""
