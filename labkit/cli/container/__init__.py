"""`docker container …` and the older commands that do the same: run, ps, exec …"""
