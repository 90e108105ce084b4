use strict;
use warnings;
use Test::More tests => 3;
use Words;

my $words = Words->new;
is_deeply($words->count("a b A"), { a => 2, b => 1 }, 'counts without case');
is_deeply([ $words->top("x y y z z z", 2) ], [ 'z', 'y' ], 'the most frequent first');
is_deeply(Words->new(least => 2)->count("a b a"), { a => 2 }, 'leaves rare words out');
