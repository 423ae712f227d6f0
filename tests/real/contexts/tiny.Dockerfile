FROM scratch
LABEL maintainer="labkit <labkit@example.org>" org.opencontainers.image.title="Tiny & <exact>"
ADD rootfs.tar /
ENV PATH=/bin GREETING="hello, world"
# A file and a directory of the layer below go, a file's mode changes, a directory is made again.
RUN rm /etc/issue && rm -r /srv/logs \
	&& chmod 0600 /etc/motd \
	&& rm -rf /srv/data && mkdir /srv/data && echo new > /srv/data/new \
	&& touch -h -d '2019-04-26 12:00:01' /srv/data/new /srv/data /srv /etc
# Links of both kinds, long names, a name that is not ASCII, special files, another owner.
RUN set -e; n=$(printf '%0100d' 0 | tr 0 n); d=/srv/$n/$n/$n; mkdir -p $d; echo deep > $d/file; \
	echo one > /srv/one; ln /srv/one /srv/uno; ln -s one /srv/eins; ln -s /etc/motd /srv/motd; \
	echo grüße > /srv/grüße-世界; mkfifo /srv/pipe; \
	mkdir -m 1777 /srv/spool; cp /srv/one /srv/setuid; chmod 4755 /srv/setuid; chown 4242:4242 /srv/spool; \
	find /srv -exec touch -h -d '2019-04-26 12:00:02' {} +
EXPOSE 80 443/udp
STOPSIGNAL SIGTERM
VOLUME ["/srv/spool"]
COPY greeting.txt /etc/greeting
WORKDIR /srv
USER 4242:4242
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo \"$GREETING\""]
