"""What a learner does: questions, exercises and walkthroughs, as data and checks on states; no Jupyter."""
