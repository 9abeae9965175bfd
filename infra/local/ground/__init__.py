"""The ground the services stand on: private servers, supervision and the list of what runs."""
