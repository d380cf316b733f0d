#!/usr/bin/perl
# An SMS centre on Net::SMPP (libnet-smpp-perl), independent of the library that members use. It takes
# the port to listen on and a file; each message that it takes becomes a line of JSON there, as in an
# outbox, with what the line was. Numbers that end in 9 are refused, others get a receipt.
use strict;
use warnings;
use Net::SMPP;

my ($port, $outbox) = @ARGV;

# 3GPP TS 23.038 6.2.1: where the default alphabet is not ASCII, as far as a code's message goes.
my %gsm = ("\x00" => '@', "\x11" => '_', "\x02" => '$');

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $port, smpp_version => 0x34)
  or die "cannot listen: $!\n";
$| = 1;
print "listening\n";

# accept gives up after a while.
while (1) {
  my $client = $listener->accept or next;
  serve($client);
}

sub serve {
  my ($client) = @_;
  my $next = 1;
  while (my $pdu = $client->read_pdu) {
    my $cmd = $pdu->{cmd};
    if ($cmd == Net::SMPP::CMD_bind_transceiver) {
      my $known = $pdu->{system_id} eq 'callbook' && $pdu->{password} eq 'secret';
      $client->bind_transceiver_resp(
        system_id => 'smsc', seq => $pdu->{seq}, status => $known ? 0 : 0x0e);
    } elsif ($cmd == Net::SMPP::CMD_enquire_link) {
      $client->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($cmd == Net::SMPP::CMD_unbind) {
      $client->unbind_resp(seq => $pdu->{seq});
      return;
    } elsif ($cmd == Net::SMPP::CMD_submit_sm) {
      my $id = sprintf 'sm%06d', $next++;
      if ($pdu->{destination_addr} =~ /9$/) {
        $client->submit_sm_resp(message_id => '', seq => $pdu->{seq}, status => 0x0b);
        next;
      }
      take($pdu);
      $client->submit_sm_resp(message_id => $id, seq => $pdu->{seq});
      $client->deliver_sm(
        esm_class => 4, source_addr => $pdu->{destination_addr},
        destination_addr => $pdu->{source_addr},
        short_message => "id:$id sub:001 dlvrd:001 submit date:2611221200 "
          . "done date:2611221201 stat:DELIVRD err:000 text:", async => 1);
    }
  }
}

sub take {
  my ($pdu) = @_;
  my $text = join '', map { $gsm{$_} // $_ } split //, $pdu->{short_message};
  my ($code) = $text =~ /#(\S+)\z/;
  my %line = (
    to => "tel:+$pdu->{destination_addr}", text => $text, code => $code // '',
    by => "SMPP $pdu->{dest_addr_ton}/$pdu->{dest_addr_npi} coding $pdu->{data_coding}"
      . " receipt $pdu->{registered_delivery} valid $pdu->{validity_period}"
      . " from $pdu->{source_addr}",
  );
  my @fields;
  for my $name (sort keys %line) {
    (my $value = $line{$name}) =~ s/([\\"])/\\$1/g;
    $value =~ s/\n/\\n/g;
    push @fields, qq("$name":"$value");
  }
  open my $file, '>>', $outbox or die "outbox: $!\n";
  syswrite $file, '{' . join(',', @fields) . "}\n";
  close $file;
}
