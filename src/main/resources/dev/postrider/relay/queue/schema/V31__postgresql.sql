-- PostgreSQL's own compression of large values took a quarter of the CPU time of a connection that writes.
${compressed};

-- With the message as a key of this index, the planner took it for the rows of one message, and read through all rows
-- of the organization for it. Queries of what is due find the message in the index all the same.
${due_index};
