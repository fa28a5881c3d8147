-- What is counted for whoever watches the service.
CREATE INDEX exports_by_state ON exports (state);
