"""What a network of our own practises on: sentences of ours, said by every voice there is here."""
