"""Files in a folder of this machine or of a mounted share."""
