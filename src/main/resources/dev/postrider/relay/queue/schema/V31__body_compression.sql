-- PostgreSQL's own compression of large values took a quarter of the CPU time of a connection that writes.
${compressed};
