"""Whether two records are of one person: by Fellegi and Sunter, with the frequency of terms. Pure: no I/O."""
