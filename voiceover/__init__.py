"""The ground floor: what speech, faces and clips are. Knows nothing of engines, servers or pages."""
