# A learner's server for JupyterHub: JupyterLab and the course. docs/classroom.md says how a Hub starts it.
#
#     docker build -t labkit-hub .
#
# BASE has Python 3.11 or newer with venv; JUPYTERHUB is of the same major version as the Hub.
ARG BASE=python:3.12-slim

# Two stages: what builds the wheel is not in the image.
FROM ${BASE} AS build
ARG JUPYTERHUB=jupyterhub==6.*
COPY . /build
RUN python3 -m venv /opt/labkit \
 && /opt/labkit/bin/pip install --no-cache-dir --constraint /build/constraints.txt "/build[course]" "${JUPYTERHUB}" \
 && mkdir -p /opt/labkit/share/jupyter/lab/settings \
 && cp /build/labkit/notebook/jupyterlab/*.json /opt/labkit/share/jupyter/lab/settings

FROM ${BASE}
COPY --from=build /opt/labkit /opt/labkit
RUN useradd --create-home --uid 1000 --shell /bin/bash learner \
 && mkdir /home/learner/labkit-course \
 && chown learner:learner /home/learner/labkit-course
# All that a learner's own is lies in one folder, for one volume: the copies of the lessons, and the progress.
ENV PATH=/opt/labkit/bin:${PATH} LABKIT_DATA=/home/learner/labkit-course/.labkit
USER learner
WORKDIR /home/learner
EXPOSE 8888
# A Hub gives another command, and keeps this entry: it lays what is missing and writes over nobody's work.
ENTRYPOINT ["sh", "-c", "labkit lessons labkit-course && exec \"$@\"", "labkit"]
CMD ["jupyterhub-singleuser"]
