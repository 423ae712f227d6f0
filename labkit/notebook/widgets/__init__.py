"""Widgets: things to choose from, with a picture that follows; one module each.

What a widget does can be done by one line of Python, which it shows. Its picture and its words are outputs
of their own beside the controls: they stay in the file when the notebook is opened without a kernel, where
no widget can be shown.
"""
